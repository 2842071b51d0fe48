/** Provided where there is no Redis on purpose: what can do its work in memory then does. */
export const WITHOUT_REDIS = Symbol('redis-kit:without-redis');

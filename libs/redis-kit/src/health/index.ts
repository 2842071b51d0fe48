export { RedisHealthModule } from './redis-health.module.js';
export { RedisHealthIndicator } from './redis.health.js';
export type { RedisHealthOptions } from './redis.health.js';

import type { RateLimitRouteOptions } from 'nestjs-redis-kit';

/** Searches cost the database most. The page and the API share one count. */
export const searchLimit: RateLimitRouteOptions = {
  policies: [{ name: 'search', limit: 120, per: '1m', scope: 'shop' }],
  by: 'ip',
  when: ({ query }) => Boolean((query as { search?: unknown } | undefined)?.search),
};

/** Counted before the token is looked at, so that it limits those who try tokens too. */
export const adminLimit: RateLimitRouteOptions = {
  policies: [{ name: 'admin', limit: 30, per: '1m', algorithm: 'sliding-window' }],
  by: 'ip',
};

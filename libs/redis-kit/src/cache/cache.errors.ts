import { RedisKitError } from '../core/redis-kit.error.js';

/** An invalidation could not be applied: what was to be dropped may still be served until it expires. */
export class CacheInvalidationError extends RedisKitError {
  readonly code = 'CACHE_INVALIDATION_FAILED';

  constructor(
    readonly cache: string,
    readonly key: string,
    options: { cause: unknown },
  ) {
    super(
      `Key '${key}' of cache '${cache}' could not be deleted: Redis is unavailable. ` +
        'Its old value may be served until it expires; try again.',
      options,
    );
  }
}

/** A cache key cannot be derived from what was given. */
export class CacheKeyError extends RedisKitError {
  readonly code = 'CACHE_KEY_INVALID';
}

import { RedisKitError } from '../core/redis-kit.error.js';

/**
 * An invalidation could not be applied yet. This process no longer serves what it concerns, and tries again until Redis
 * takes it; until then other processes may serve old values.
 */
export class CacheInvalidationError extends RedisKitError {
  readonly code = 'CACHE_INVALIDATION_FAILED';

  /** @param subject what was to be invalidated, such as `key 'a'`. */
  constructor(
    readonly cache: string,
    readonly subject: string,
    options: { cause: unknown },
  ) {
    super(
      `The invalidation of ${subject} of cache '${cache}' could not be applied. It is queued and will be tried again ` +
        'until Redis takes it; until then other processes may serve old values.',
      options,
    );
  }
}

/** A cache key cannot be derived from what was given. */
export class CacheKeyError extends RedisKitError {
  readonly code = 'CACHE_KEY_INVALID';
}

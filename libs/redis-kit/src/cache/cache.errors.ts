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

/**
 * There is no entity with this id. Over HTTP it is answered with 404 by Nest itself, on Express and Fastify: it has
 * the members of what Nest takes for an HTTP error.
 */
export class EntityNotFoundError extends RedisKitError {
  readonly code = 'ENTITY_NOT_FOUND';
  readonly status = 404;
  readonly statusCode = 404;
  readonly expose = true;

  constructor(
    readonly entity: string,
    readonly id: string | number | bigint,
  ) {
    super(`There is no ${entity} ${JSON.stringify(String(id).slice(0, 80))}`);
  }
}

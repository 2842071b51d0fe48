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
 * A factory took longer than `factoryTimeout.hard`. It goes on in the background, and its value is stored if nothing was
 * invalidated meanwhile.
 */
export class FactoryTimeoutError extends RedisKitError {
  readonly code = 'CACHE_FACTORY_TIMEOUT';

  constructor(
    readonly cache: string,
    readonly key: string,
    readonly timeoutMs: number,
  ) {
    super(
      `The factory of key '${key}' of cache '${cache}' took longer than ${timeoutMs} ms. It goes on in the background; ` +
        'raise factoryTimeout.hard if it needs more.',
    );
  }
}

/** A factory failed a short time ago (`errorTtl`), and is not asked again yet. The message is that of its error. */
export class CachedFactoryError extends RedisKitError {
  readonly code = 'CACHE_FACTORY_FAILED';

  constructor(
    readonly cache: string,
    readonly key: string,
    /** `name` of the factory's error. */
    readonly originalName: string,
    message: string,
  ) {
    super(message);
  }
}

/** A removal by pattern did not get through all keys. What it removed until then is removed; run it again. */
export class CachePatternError extends RedisKitError {
  readonly code = 'CACHE_PATTERN_INCOMPLETE';

  /** @param removed how many entries were removed before it failed. */
  constructor(
    readonly cache: string,
    readonly pattern: string,
    readonly removed: number,
    options: { cause: unknown },
  ) {
    super(
      `The removal of '${pattern}' from cache '${cache}' stopped after ${removed} entries; others that match may still ` +
        'be there. Run it again: it is not repeated by itself.',
      options,
    );
  }
}

/** A loader of many keys answered something else than was asked. */
export class CacheLoaderError extends RedisKitError {
  readonly code = 'CACHE_LOADER_RESULT';
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

import { Inject } from '@nestjs/common';
import type { RedisConnections } from '../core/connections/redis-connections.js';
import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { safeMessage } from '../core/redact.js';
import { CacheService } from './cache.service.js';
import { resolveCacheOptions, type CacheOptions } from './cache.options.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';
import { RedisCacheStore } from './stores/redis-cache.store.js';

/** Injection token of a named cache. */
export const getCacheToken = (name = 'default'): symbol => Symbol.for(`redis-kit:cache:${name}`);

/** Injects the `CacheService` of a named cache. */
export const InjectCache = (name?: string): ReturnType<typeof Inject> =>
  Inject(getCacheToken(name));

export interface CachesDependencies {
  /** undefined: every cache lives in memory, whatever its options say. */
  readonly connections: RedisConnections | undefined;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
}

/** Every named cache of one application. */
export class Caches {
  readonly #caches = new Map<string, CacheService>();

  constructor(private readonly dependencies: CachesDependencies) {}

  /**
   * Makes a cache.
   *
   * @throws ConfigurationError when the name is taken, or its connection does not exist.
   */
  create(name: string, options: CacheOptions): CacheService {
    if (this.#caches.has(name)) {
      throw new ConfigurationError(
        `Cache '${name}' is configured twice. Name it in forRoot() or in one forFeature(), not in both.`,
      );
    }
    const { connections, keySpace, events } = this.dependencies;
    const resolved = resolveCacheOptions(options);
    if (resolved.l1 && (resolved.store !== 'redis' || !resolved.tracking)) {
      throw new ConfigurationError(
        `Cache '${name}' cannot have an l1: it needs the redis store, and tracking.`,
      );
    }
    if (resolved.l1 && resolved.freshness.isStrict) {
      throw new ConfigurationError(
        `Cache '${name}' has an l1 that its strict reads never look into. Leave one out, or make single calls strict.`,
      );
    }
    const connection =
      resolved.store === 'redis' ? connections?.get(resolved.connection) : undefined;
    const onFailure = (operation: string, key: string, error: unknown) =>
      events.emit('cache.error', { cache: name, key, operation, message: safeMessage(error) });
    const cache = new CacheService({
      name,
      options: resolved,
      store: connection
        ? new RedisCacheStore(connection, onFailure)
        : new MemoryCacheStore(resolved.maxEntries),
      keySpace,
      events,
      tracking: resolved.tracking ? connection?.tracking : undefined,
    });
    this.#caches.set(name, cache);
    return cache;
  }

  /** The cache of this name; it must exist. */
  get(name = 'default'): CacheService {
    const cache = this.#caches.get(name);
    if (!cache) throw new ConfigurationError(`There is no cache '${name}'.`);
    return cache;
  }

  /** Resolves when the calls now in progress are done. */
  async close(): Promise<void> {
    await Promise.all([...this.#caches.values()].map((cache) => cache.close()));
  }
}

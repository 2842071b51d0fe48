import { Inject } from '@nestjs/common';
import type { RedisConnection } from '../core/connections/redis-connection.js';
import type { RedisConnections } from '../core/connections/redis-connections.js';
import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import type { TrackingStatus } from '../core/connections/tracking.js';
import { Announcements } from './announcements.js';
import { CacheService } from './cache.service.js';
import { resolveCacheOptions, type CacheOptions } from './cache.options.js';
import type { CacheStore } from './stores/cache-store.js';
import { openStore } from './stores/open-store.js';

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

/** How a cache does, for health. */
export interface CacheStatus {
  /** Invalidations that wait for Redis. */
  readonly pendingInvalidations: number;
  /** Whether the memory of this process is in use; `off` when the options say so. */
  readonly localMemory: TrackingStatus | 'off';
  /** Why Redis refused to tell of changes, where it did. */
  readonly localMemoryRefusal?: string;
}

/** Every named cache of one application. */
export class Caches {
  readonly #caches = new Map<string, CacheService>();
  /** The connection of each cache in Redis. */
  readonly #connections = new Map<CacheService, RedisConnection>();
  readonly #stores: CacheStore[] = [];

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
    const announce = new Announcements(name, events, keySpace);
    const store = openStore({
      name,
      options: resolved,
      connection,
      hasRedis: !!connections,
      events,
      onFailure: (operation, key, error) => announce.failure(operation, key, error),
    });
    this.#stores.push(store);
    const cache = new CacheService({
      name,
      options: resolved,
      store,
      keySpace,
      events,
      tracking: resolved.tracking ? connection?.tracking : undefined,
    });
    this.#caches.set(name, cache);
    if (connection) this.#connections.set(cache, connection);
    return cache;
  }

  /** The cache of this name; it must exist. */
  get(name = 'default'): CacheService {
    const cache = this.#caches.get(name);
    if (!cache) throw new ConfigurationError(`There is no cache '${name}'.`);
    return cache;
  }

  /** How the caches do whose entries are kept through this connection, by name. */
  statusOf(connectionName: string): Record<string, CacheStatus> {
    const caches = [...this.#connections].filter(([, { name }]) => name === connectionName);
    return Object.fromEntries(
      caches.map(([{ name, pendingInvalidations, localMemory }, { tracking }]) => {
        const refusal = localMemory === 'refused' ? tracking.refusal : undefined;
        const status: CacheStatus = {
          pendingInvalidations,
          localMemory,
          ...(refusal !== undefined && { localMemoryRefusal: refusal }),
        };
        return [name, status];
      }),
    );
  }

  /** Resolves when the calls now in progress are done. */
  async close(): Promise<void> {
    await Promise.all([...this.#caches.values()].map((cache) => cache.close()));
    for (const store of this.#stores) store.close();
  }
}

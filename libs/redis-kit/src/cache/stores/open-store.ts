import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { RedisKitEvents } from '../../core/events.js';
import type { ResolvedCacheOptions } from '../cache.options.js';
import type { CacheStore } from './cache-store.js';
import { KeyvCacheStore } from './keyv-cache.store.js';
import { MemoryCacheStore } from './memory-cache.store.js';
import { RedisCacheStore } from './redis-cache.store.js';

interface OpenStoreSettings {
  readonly name: string;
  readonly options: Pick<ResolvedCacheOptions, 'store' | 'maxEntries'>;
  readonly connection: RedisConnection | undefined;
  /** false: in tests everything is in memory, whatever the options say. */
  readonly hasRedis: boolean;
  readonly events: RedisKitEvents;
  readonly onFailure: (operation: string, key: string, error: unknown) => void;
}

/** The store that the options of a cache ask for. */
export function openStore({
  name,
  options: { store, maxEntries },
  connection,
  hasRedis,
  events,
  onFailure,
}: OpenStoreSettings): CacheStore {
  if (connection) return new RedisCacheStore(connection, onFailure);
  if (hasRedis && typeof store === 'object') {
    return new KeyvCacheStore({ cache: name, keyv: store, events, onFailure });
  }
  return new MemoryCacheStore(maxEntries);
}

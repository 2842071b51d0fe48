// @ts-check
import { Keyv } from 'keyv';
import { createKeyv } from '@keyv/redis';
import { CacheableMemory } from '@cacheable/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { memoryDriver } from 'bentocache/drivers/memory';
import { BentoCache, bentostore } from 'bentocache';
import { createCache } from 'cache-manager';
import { openRedisKit } from './redis-kit.mjs';

/**
 * @typedef {object} SharedCache memory in front of a Redis that other processes use too
 * @property {(key: string, factory: () => Promise<unknown>) => Promise<unknown>} getOrSet
 * @property {(key: string) => Promise<unknown>} get
 * @property {(key: string, value: unknown) => Promise<unknown>} set
 * @property {(key: string) => Promise<unknown>} delete
 * @property {() => Promise<unknown>} close
 */

const TTL_MS = 60 * 60 * 1_000;

/** @type {Record<string, (url: string) => Promise<SharedCache>>} */
const OPEN = {
  'redis-kit': async (url) => {
    const { app, cache } = await openRedisKit({
      name: 'shared',
      url,
      // A machine that runs five processes at once may be late; the loader must not answer because of that.
      options: { ttl: TTL_MS, l1: {}, deadline: '5s' },
    });
    return {
      getOrSet: (key, factory) => cache.getOrSet(key, factory),
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.delete(key),
      close: () => app.close(),
    };
  },
  bentocache: async (url) => {
    const { hostname: host, port } = new URL(url);
    const connection = { host, port: Number(port) };
    const cache = new BentoCache({
      default: 'both',
      ttl: TTL_MS,
      stores: {
        both: bentostore()
          .useL1Layer(memoryDriver({ maxItems: 10_000 }))
          .useL2Layer(redisDriver({ connection }))
          .useBus(redisBusDriver({ connection })),
      },
    });
    return {
      getOrSet: (key, factory) => cache.getOrSet({ key, factory }),
      get: (key) => cache.get({ key }),
      set: (key, value) => cache.set({ key, value }),
      delete: (key) => cache.delete({ key }),
      close: () => cache.disconnectAll(),
    };
  },
  'cache-manager': async (url) => {
    const cache = createCache({
      ttl: TTL_MS,
      stores: [
        new Keyv({ store: new CacheableMemory({ lruSize: 10_000 }) }),
        createKeyv(url, { namespace: 'shared' }),
      ],
    });
    return {
      getOrSet: (key, factory) => cache.wrap(key, factory),
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.del(key),
      close: () => cache.disconnect(),
    };
  },
};

export const sharedCaches = Object.keys(OPEN);

/** @type {(contender: string, url: string) => Promise<SharedCache>} */
export function openSharedCache(contender, url) {
  const open = OPEN[contender];
  if (!open) throw new Error(`There is no shared cache '${contender}'`);
  return open(url);
}

// @ts-check
import { Keyv } from 'keyv';
import { createKeyv } from '@keyv/redis';
import { CacheableMemory } from '@cacheable/memory';
import { createCache as createDedupe } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { LRUCache } from '../lib/library.mjs';
import { libraryVersion, peerVersion } from '../lib/versions.mjs';
import { openRedisKit, redisKitVersions } from './redis-kit.mjs';

/**
 * @typedef {import('../lib/product.mjs').Product} Product
 *
 * @typedef {object} MemorySetup
 * @property {string} name of the contender, for a key space of its own
 * @property {string} url
 * @property {number} ttlMs
 * @property {readonly string[]} tags of every product; contenders that know no tags are left out where there are some
 * @property {(id: string) => Promise<Product>} load
 *
 * @typedef {object} MemoryContender
 * @property {string} name
 * @property {boolean} hasTags
 * @property {Record<string, string>} versions
 * @property {(setup: MemorySetup) => Promise<import('../lib/read-through.mjs').Session>} open
 */

const MAX_ENTRIES = 10_000;

/** The map everybody builds on: no expiry by tag, no other process, no Redis behind it. */
/** @type {MemoryContender} */
const raw = {
  name: 'raw',
  hasTags: true,
  versions: { 'lru-cache': libraryVersion('lru-cache') },
  open: async ({ ttlMs, load }) => {
    /** @type {import('lru-cache').LRUCache<string, Product>} */
    const map = new LRUCache({ max: MAX_ENTRIES, ttl: ttlMs });
    return {
      async readThrough(id) {
        const found = map.get(id);
        if (found !== undefined) return found;
        const product = await load(id);
        map.set(id, product);
        return product;
      },
      close: async () => map.clear(),
    };
  },
};

/** `getOrSet` of a cache with memory in front of Redis, coherent between processes. */
/** @type {MemoryContender} */
const redisKit = {
  name: 'redis-kit',
  hasTags: true,
  versions: redisKitVersions,
  open: async ({ name, url, ttlMs, tags, load }) => {
    const { app, cache } = await openRedisKit({
      name,
      url,
      options: { ttl: ttlMs, l1: { maxEntries: MAX_ENTRIES } },
    });
    return {
      readThrough: (id) => cache.getOrSet(`product:${id}`, () => load(id), { tags }),
      close: () => app.close(),
    };
  },
};

/**
 * @param {string} name
 * @param {boolean} serialize its default keeps text in memory and parses it on each read; without, callers share objects
 * @returns {MemoryContender}
 */
const bento = (name, serialize) => ({
  name,
  hasTags: true,
  versions: { bentocache: peerVersion('bentocache'), 'bentocache/ioredis': peerVersion('ioredis') },
  open: async ({ name: namespace, url, ttlMs, tags, load }) => {
    const { hostname: host, port } = new URL(url);
    const cache = new BentoCache({
      default: 'both',
      ttl: ttlMs,
      prefix: namespace,
      stores: {
        both: bentostore()
          .useL1Layer(memoryDriver({ maxItems: MAX_ENTRIES, serialize }))
          .useL2Layer(redisDriver({ connection: { host, port: Number(port) } })),
      },
    });
    return {
      readThrough: (id) =>
        cache.getOrSet({ key: `product:${id}`, factory: () => load(id), tags: [...tags] }),
      close: () => cache.disconnectAll(),
    };
  },
});

/** @type {MemoryContender} */
const cacheable = {
  name: 'cacheable',
  hasTags: false,
  versions: { cacheable: peerVersion('cacheable'), '@keyv/redis': peerVersion('@keyv/redis') },
  open: async ({ name, url, ttlMs, load }) => {
    const cache = new Cacheable({
      primary: new Keyv({ store: new CacheableMemory({ lruSize: MAX_ENTRIES }) }),
      secondary: createKeyv(url, { namespace: name }),
      ttl: ttlMs,
    });
    return {
      readThrough: (id) => cache.getOrSet(`product:${id}`, () => load(id)),
      close: () => cache.disconnect(),
    };
  },
};

/** @type {MemoryContender} */
const cacheManager = {
  name: 'cache-manager',
  hasTags: false,
  versions: { 'cache-manager': peerVersion('cache-manager'), keyv: peerVersion('keyv') },
  open: async ({ name, url, ttlMs, load }) => {
    const cache = createCache({
      ttl: ttlMs,
      stores: [
        new Keyv({ store: new CacheableMemory({ lruSize: MAX_ENTRIES }) }),
        createKeyv(url, { namespace: name }),
      ],
    });
    return {
      readThrough: (id) => cache.wrap(`product:${id}`, () => load(id)),
      close: () => cache.disconnect(),
    };
  },
};

/** Memory of one process only. */
/** @type {MemoryContender} */
const dedupe = {
  name: 'async-cache-dedupe',
  hasTags: false,
  versions: { 'async-cache-dedupe': peerVersion('async-cache-dedupe') },
  open: async ({ ttlMs, load }) => {
    const cache = createDedupe({
      ttl: ttlMs / 1_000,
      storage: { type: 'memory', options: { size: MAX_ENTRIES } },
    }).define('product', load);
    return {
      readThrough: (id) => /** @type {any} */ (cache)['product'](id),
      close: async () => undefined,
    };
  },
};

/** @type {readonly MemoryContender[]} */
export const memoryContenders = [
  raw,
  redisKit,
  bento('bentocache', true),
  bento('bentocache-shared', false),
  cacheable,
  cacheManager,
  dedupe,
];

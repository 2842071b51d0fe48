// @ts-check
import assert from 'node:assert/strict';
import { openBento } from '../contenders/bentocache.mjs';
import { openRedisKit, redisKitVersions } from '../contenders/redis-kit.mjs';
import { Packr, Redis } from '../lib/library.mjs';
import { measure } from '../lib/measure.mjs';
import { makeProduct } from '../lib/product.mjs';
import { toCases } from '../lib/report.mjs';
import { peerVersion } from '../lib/versions.mjs';

/**
 * @typedef {(id: string) => Promise<unknown>} Read
 * @typedef {{ name: string, read: Read, close: () => Promise<unknown> }} Reader
 */

const TTL_MS = 24 * 60 * 60 * 1_000;
const TAGS = ['catalogue', 'season'];
const IDS = Array.from({ length: 1_000 }, (_, at) => `t${10_000 + at}`);
const CONCURRENCY = [1, 64];

const load = async (/** @type {string} */ id) => makeProduct(id);

/** Reads through a cache in Redis, with two tags on every product. The plain driver knows none. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: {
    ...redisKitVersions,
    bentocache: peerVersion('bentocache'),
    'bentocache/ioredis': peerVersion('ioredis'),
  },
  run: async ({ suite: name, server, settings }) => {
    const readers = await openReaders(server.url);
    try {
      const cases = [];
      for (const { read } of readers) {
        for (const id of IDS) assert.deepEqual(await read(id), makeProduct(id));
      }
      for (const concurrency of CONCURRENCY) {
        const subjects = readers.map(({ name: reader, read }) => {
          let next = 0;
          return { name: reader, call: () => check(reader, read, IDS[next++ % IDS.length] ?? '') };
        });
        const title = { suite: name, name: `hit, 2 tags, ${concurrency} at a time` };
        cases.push(...toCases(title, await measure({ subjects, concurrency, settings }), {}));
      }
      let fresh = 0;
      for (const concurrency of CONCURRENCY) {
        const subjects = readers.map(({ name: reader, read }) => ({
          name: reader,
          call: () => check(reader, read, `n${fresh++}`),
        }));
        const title = { suite: name, name: `miss and fill, 2 tags, ${concurrency} at a time` };
        const measurement = await measure({
          subjects,
          concurrency,
          settings,
          afterSlice: () => server.call('FLUSHALL', 'SYNC'),
        });
        cases.push(...toCases(title, measurement, {}));
      }
      return cases;
    } finally {
      await Promise.allSettled(readers.map((reader) => reader.close()));
    }
  },
};

/** @type {(reader: string, read: Read, id: string) => Promise<void>} */
async function check(reader, read, id) {
  const product = /** @type {{ id: string } | undefined} */ (await read(id));
  if (product?.id !== id) throw new Error(`${reader} read ${id} and got something else`);
}

/**
 * @param {string} url
 * @returns {Promise<Reader[]>}
 */
async function openReaders(url) {
  const redis = new Redis(url, { protocol: 2 });
  const packr = new Packr();
  const { app, cache } = await openRedisKit({ name: 'tags', url, options: { ttl: TTL_MS } });
  const bento = openBento(url, TTL_MS);
  return [
    {
      name: 'raw',
      read: async (id) => {
        const bytes = await redis.getBuffer(`raw:${id}`);
        if (bytes !== null) return packr.unpack(bytes);
        const product = await load(id);
        await redis.set(`raw:${id}`, packr.pack(product), 'PX', TTL_MS);
        return product;
      },
      close: () => redis.quit(),
    },
    {
      name: 'redis-kit',
      read: (id) => cache.getOrSet(`product:${id}`, () => load(id), { tags: TAGS }),
      close: () => app.close(),
    },
    {
      name: 'redis-kit, strict',
      // Every read asks Redis whether the tags are current.
      read: (id) => cache.getOrSet(`product:${id}`, () => load(id), { tags: TAGS, strict: true }),
      close: async () => undefined,
    },
    {
      name: 'bentocache',
      read: (id) => bento.getOrSet({ key: `product:${id}`, factory: () => load(id), tags: TAGS }),
      close: () => bento.disconnectAll(),
    },
  ];
}

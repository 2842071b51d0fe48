// @ts-check
import assert from 'node:assert/strict';
import { openBento } from '../contenders/bentocache.mjs';
import { openRedisKit, redisKitVersions } from '../contenders/redis-kit.mjs';
import { Packr, Redis } from '../lib/library.mjs';
import { measure } from '../lib/measure.mjs';
import { makeProduct } from '../lib/product.mjs';
import { toCases } from '../lib/report.mjs';
import { peerVersion } from '../lib/versions.mjs';

const TTL_MS = 24 * 60 * 60 * 1_000;
const IDS = Array.from({ length: 100 }, (_, at) => `g${10_000 + at}`);

/** @typedef {{ name: string, read: () => Promise<unknown[]>, close: () => Promise<unknown> }} Reader */

/** A hundred products that are in the cache, read at once. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: { ...redisKitVersions, bentocache: peerVersion('bentocache') },
  run: async ({ suite: name, server, settings }) => {
    const readers = await openReaders(server.url);
    try {
      const expected = IDS.map(makeProduct);
      for (const { name: reader, read } of readers) {
        // The first read may load; the second one is what is measured.
        await read();
        assert.deepEqual(await read(), expected, reader);
      }
      const subjects = readers.map(({ name: reader, read }) => ({
        name: reader,
        call: async () => {
          const products = /** @type {{ id: string }[]} */ (await read());
          if (products.length !== IDS.length || products.at(-1)?.id !== IDS.at(-1)) {
            throw new Error(`${reader} read something else`);
          }
        },
      }));
      return toCases(
        { suite: name, name: '100 keys at once' },
        await measure({ subjects, concurrency: 1, settings }),
        {},
      );
    } finally {
      await Promise.allSettled(readers.map((reader) => reader.close()));
    }
  },
};

/**
 * @param {string} url
 * @returns {Promise<Reader[]>}
 */
async function openReaders(url) {
  const redis = new Redis(url, { protocol: 2 });
  const packr = new Packr();
  for (const id of IDS) await redis.set(`raw:${id}`, packr.pack(makeProduct(id)), 'PX', TTL_MS);
  const { app, cache } = await openRedisKit({ name: 'many', url, options: { ttl: TTL_MS } });
  const bento = openBento(url, TTL_MS);
  return [
    {
      name: 'raw',
      read: async () => {
        const found = await redis.mgetBuffer(IDS.map((id) => `raw:${id}`));
        return found.map((bytes) => bytes && packr.unpack(bytes));
      },
      close: () => redis.quit(),
    },
    {
      name: 'redis-kit',
      read: async () => {
        const found = await cache.getMany(
          IDS,
          async (missing) => new Map(missing.map((id) => [id, makeProduct(id)])),
        );
        return IDS.map((id) => found.get(id));
      },
      close: () => app.close(),
    },
    {
      name: 'bentocache',
      // It has no call for many keys.
      read: () =>
        Promise.all(
          IDS.map((id) => bento.getOrSet({ key: id, factory: async () => makeProduct(id) })),
        ),
      close: () => bento.disconnectAll(),
    },
  ];
}

// @ts-check
import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { memoryContenders } from '../contenders/memory.mjs';
import { cacheableProvider, openRedisKit } from '../contenders/redis-kit.mjs';
import { measure } from '../lib/measure.mjs';
import { makeProduct } from '../lib/product.mjs';
import { toCases } from '../lib/report.mjs';

/**
 * @typedef {import('../contenders/memory.mjs').MemoryContender} MemoryContender
 * @typedef {import('../lib/run-suites.mjs').Context} Context
 * @typedef {{ name: string, read: (id: string) => Promise<unknown>, close: () => Promise<unknown> }} Reader
 */

const TTL_MS = 24 * 60 * 60 * 1_000;
const IDS = Array.from({ length: 1_000 }, (_, at) => `m${10_000 + at}`);
/** One read takes less than looking at the clock. */
const READS_PER_CALL = 5_000;
const ARMED_WITHIN_MS = 10_000;

const load = async (/** @type {string} */ id) => makeProduct(id);

/** Reads of what is in the memory of this process: neither the loader nor Redis is asked. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: Object.assign({}, ...memoryContenders.map(({ versions }) => versions)),
  run: async (context) => [
    ...(await hits(context, 'hit in memory', [], memoryContenders)),
    ...(await hits(
      context,
      'hit in memory, 3 tags',
      ['catalogue', 'shop:7', 'season'],
      memoryContenders.filter(({ hasTags }) => hasTags),
    )),
    ...(await decorated(context)),
  ],
};

/**
 * @param {Context} context
 * @param {string} name
 * @param {readonly string[]} tags
 * @param {readonly MemoryContender[]} contenders
 */
async function hits(context, name, tags, contenders) {
  /** @type {Reader[]} */
  const readers = [];
  try {
    for (const contender of contenders) {
      const session = await contender.open({
        name: `${contender.name}:${tags.length}`,
        url: context.server.url,
        ttlMs: TTL_MS,
        tags,
        load,
      });
      readers.push({ name: contender.name, read: session.readThrough, close: session.close });
    }
    return await measured(context, name, readers);
  } finally {
    await Promise.allSettled(readers.map((reader) => reader.close()));
  }
}

/**
 * A decorated method with a key of one scalar, and one with a key derived from an object.
 * @param {Context} context
 */
async function decorated(context) {
  const { url } = context.server;
  const options = { ttl: TTL_MS, l1: { maxEntries: 10_000 } };
  const Scalar = cacheableProvider(load, { key: 'product:{id}' });
  const Derived = cacheableProvider(
    (/** @type {{ id: string, language: string }} */ { id }) => load(id),
    {},
  );
  const byScalar = await openRedisKit({ name: 'scalar', url, options }, [Scalar]);
  const byObject = await openRedisKit({ name: 'object', url, options }, [Derived]);
  const [raw] = memoryContenders;
  assert(raw?.name === 'raw');
  const map = await raw.open({ name: 'raw:decorated', url, ttlMs: TTL_MS, tags: [], load });
  const scalar = byScalar.app.get(Scalar);
  const object = byObject.app.get(Derived);
  try {
    return await measured(context, 'hit in memory through @Cacheable', [
      { name: 'raw', read: map.readThrough, close: map.close },
      {
        name: 'redis-kit, scalar key',
        read: (id) => scalar.find(id),
        close: () => byScalar.app.close(),
      },
      {
        name: 'redis-kit, object key',
        read: (id) => object.find({ id, language: 'en' }),
        close: () => byObject.app.close(),
      },
    ]);
  } finally {
    await Promise.allSettled([map.close(), byScalar.app.close(), byObject.app.close()]);
  }
}

/**
 * @param {Context} context
 * @param {string} name
 * @param {readonly Reader[]} readers
 */
async function measured({ suite: suiteName, server, settings }, name, readers) {
  for (const reader of readers) await untilFromMemory(server, reader);
  const subjects = readers.map(({ name: reader, read }) => {
    let next = 0;
    return {
      name: reader,
      operations: READS_PER_CALL,
      call: async () => {
        for (let at = 0; at < READS_PER_CALL; at++) {
          const id = IDS[next++ % IDS.length] ?? '';
          const product = /** @type {{ id: string } | undefined} */ (await read(id));
          if (product?.id !== id) throw new Error(`${reader} read ${id} and got something else`);
        }
        // A server has other things to do between reads; without a turn of the loop nobody's timers and sockets run.
        await turn();
      },
    };
  });
  return toCases(
    { suite: suiteName, name },
    await measure({ subjects, concurrency: 1, settings }),
    {},
  );
}

/**
 * Reads until all products come from memory: complete, and without a command to Redis.
 * @param {import('../lib/run-suites.mjs').Context['server']} server
 * @param {Reader} reader
 */
async function untilFromMemory(server, { name, read }) {
  const giveUpAt = performance.now() + ARMED_WITHIN_MS;
  for (;;) {
    const commands = await server.commandsDuring(async () => {
      for (const id of IDS) assert.deepEqual(await read(id), makeProduct(id), name);
    });
    if ((commands['get'] ?? 0) + (commands['mget'] ?? 0) < 5) return;
    if (performance.now() > giveUpAt) throw new Error(`${name} goes on asking Redis`);
    await delay(50);
  }
}

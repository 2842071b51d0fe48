// @ts-check
// A process of its own for each way to read: entering a scope makes every promise of a process dearer, for good.
import { setImmediate as turn } from 'node:timers/promises';
import { openRedisKit } from '../contenders/redis-kit.mjs';
import { answerParent } from '../lib/child.mjs';
import { measure } from '../lib/measure.mjs';
import { makeProduct } from '../lib/product.mjs';
import { runWithMemo } from '../../libs/redis-kit/dist/index.js';

const KEYS = Array.from({ length: 10 }, (_, at) => `product:${at}`);
/** A request asks for each of its products so many times, one after the other. */
const READS_OF_EACH = 5;
const REQUESTS_PER_CALL = 100;
const TTL_MS = 60 * 60 * 1_000;

/** @type {{ name: string, url: string, memo: string, isScoped: string }} */
const { name, url, memo, isScoped } = JSON.parse(process.env['BENCH'] ?? '{}');
const { app, cache } = await openRedisKit({
  name: `memo:${memo}:${isScoped}`,
  url,
  options: { ttl: TTL_MS, l1: { maxEntries: 1_000 }, memo: memo === 'yes' },
});

const request = async () => {
  for (let read = 0; read < READS_OF_EACH; read++) {
    for (const key of KEYS) {
      if ((await cache.get(key)) === undefined) throw new Error(`${key} is not in the cache`);
    }
  }
};
const subject = {
  name,
  operations: REQUESTS_PER_CALL * READS_OF_EACH * KEYS.length,
  call: async () => {
    for (let at = 0; at < REQUESTS_PER_CALL; at++) {
      await (isScoped === 'yes' ? runWithMemo(request) : request());
    }
    await turn();
  },
};

answerParent(
  {
    fill: async () => {
      for (const [at, key] of KEYS.entries()) await cache.set(key, makeProduct(`${at}`));
      while (cache.localMemory !== 'armed') await turn();
    },
    slice: async ({ seconds }) => {
      const settings = { seconds, rounds: 1 };
      const measurement = await measure({ subjects: [subject], concurrency: 1, settings });
      return measurement.get(name)?.[0];
    },
  },
  () => app.close(),
);

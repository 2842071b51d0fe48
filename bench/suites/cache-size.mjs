// @ts-check
import { memoryContenders } from '../contenders/memory.mjs';
import { makeProduct } from '../lib/product.mjs';
import { fromSamples } from '../lib/report.mjs';

const ENTRIES = 5_000;
const TTL_MS = 24 * 60 * 60 * 1_000;

/** Memory of Redis that an entry takes beyond its value, which is the same for all. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: Object.assign({}, ...memoryContenders.map(({ versions }) => versions)),
  run: async ({ suite: name, server }) => {
    const cases = [];
    for (const tags of [[], ['catalogue', 'season']]) {
      /** @type {Map<string, number[]>} */
      const sizes = new Map();
      for (const contender of memoryContenders) {
        // These keep nothing in Redis, or know no tags.
        if (['raw', 'async-cache-dedupe', 'bentocache-shared'].includes(contender.name)) continue;
        if (tags.length > 0 && !contender.hasTags) continue;
        await server.call('FLUSHALL', 'SYNC');
        const load = async (/** @type {string} */ id) => makeProduct(id);
        const session = await contender.open({
          name: 'size',
          url: server.url,
          ttlMs: TTL_MS,
          tags,
          load,
        });
        try {
          const before = await usedMemory(server);
          for (let at = 0; at < ENTRIES; at++) await session.readThrough(`p${10_000 + at}`);
          sizes.set(contender.name, [((await usedMemory(server)) - before) / ENTRIES]);
        } finally {
          await session.close();
        }
      }
      const label = tags.length === 0 ? 'no tags' : `${tags.length} tags`;
      cases.push(
        fromSamples(
          { suite: name, name: `memory of Redis per entry, ${label}`, unit: 'bytes' },
          sizes,
        ),
      );
    }
    return cases;
  },
};

/** @param {import('../lib/run-suites.mjs').Context['server']} server */
async function usedMemory(server) {
  const info = String(await server.call('INFO', 'memory'));
  return Number(/used_memory_dataset:(\d+)/.exec(info)?.[1]);
}

// @ts-check
// One process of an application with a cache, for the suites of several processes.
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { openSharedCache } from '../contenders/shared.mjs';
import { answerParent } from '../lib/child.mjs';

/** @type {{ contender: string, url: string }} */
const { contender, url } = JSON.parse(process.env['BENCH'] ?? '{}');
const cache = await openSharedCache(contender, url);

/** Monotonic and the same for all processes of a machine, in milliseconds. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

answerParent(
  {
    ready: async () => true,

    /** Many callers at once of a key nobody has: how often the factory ran, and how long until all had the value. */
    herd: async ({ key, callers, factoryMs, startAt }) => {
      let calls = 0;
      const factory = async () => {
        calls += 1;
        await delay(factoryMs);
        return 'value';
      };
      while (now() < startAt) await turn();
      const values = await Promise.all(
        Array.from({ length: callers }, () => cache.getOrSet(key, factory)),
      );
      const isComplete = values.every((value) => value === 'value');
      return { calls, endedAt: now(), isComplete };
    },

    /** Reads until it is served without Redis, as far as can be seen from here: many reads in a row are equal. */
    hold: async ({ key, value }) => {
      const giveUpAt = now() + 20_000;
      for (let inRow = 0; inRow < 50;) {
        inRow = (await cache.get(key)) === value ? inRow + 1 : 0;
        if (now() > giveUpAt) throw new Error(`${contender} does not hold ${key}`);
        await turn();
      }
      return true;
    },

    /** Reads in a loop until the value is gone; when that was. */
    watch: async ({ key, value }) => {
      const giveUpAt = now() + 5_000;
      while ((await cache.get(key)) === value) {
        if (now() > giveUpAt) return null;
        await turn();
      }
      return now();
    },

    store: async ({ key, value }) => cache.set(key, value),

    /** Invalidates a little later, when the other process watches; when the call had returned. */
    invalidate: async ({ key }) => {
      await delay(3);
      await cache.delete(key);
      return now();
    },
  },
  () => cache.close(),
);

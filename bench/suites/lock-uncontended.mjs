// @ts-check
import { lockContenders, lockVersions } from '../contenders/locks.mjs';
import { measure } from '../lib/measure.mjs';
import { toCases } from '../lib/report.mjs';

const NAMES = 1_000;
const CONCURRENCY = [1, 32];
const COUNTED = 100;

/** Acquires and releases locks that nobody else wants. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: lockVersions,
  run: async ({ suite: name, server, settings }) => {
    const opened = [];
    try {
      /** @type {Record<string, Record<string, number>>} */
      const commandsPerCall = {};
      const subjects = [];
      for (const contender of lockContenders) {
        const locks = await contender.open(server.url);
        opened.push(locks);
        let next = 0;
        const call = async () => {
          const release = await locks.acquire(`${contender.name}:${next++ % NAMES}`);
          await release();
        };
        await call();
        const counted = await server.commandsDuring(async () => {
          for (let at = 0; at < COUNTED; at++) await call();
        });
        commandsPerCall[contender.name] = Object.fromEntries(
          Object.entries(counted).map(([command, calls]) => [command, calls / COUNTED]),
        );
        subjects.push({ name: contender.name, call });
      }
      const cases = [];
      for (const concurrency of CONCURRENCY) {
        const measurement = await measure({ subjects, concurrency, settings });
        const title = { suite: name, name: `acquire and release, ${concurrency} at a time` };
        cases.push(...toCases(title, measurement, commandsPerCall));
      }
      return cases;
    } finally {
      await Promise.all(opened.map(({ close }) => close()));
    }
  },
};

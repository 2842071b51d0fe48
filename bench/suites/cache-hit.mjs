// @ts-check
import { caches, cacheVersions } from '../contenders/caches.mjs';
import { redisKitStrict } from '../contenders/redis-kit.mjs';
import { measure } from '../lib/measure.mjs';
import { withParticipants } from '../lib/read-through.mjs';
import { toCases } from '../lib/report.mjs';

const KEYS = 1_000;
const CONCURRENCY = [1, 64];

/** Reads of what is in the cache: the loader never runs. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: cacheVersions,
  run: ({ suite: name, server, settings }) =>
    withParticipants([...caches, redisKitStrict], server.url, async (participants) => {
      const ids = Array.from({ length: KEYS }, (_, at) => `p${10_000 + at}`);
      /** @type {Record<string, Record<string, number>>} */
      const commandsPerCall = {};
      for (const participant of participants) {
        await participant.check(server, ids, ids.length);
        commandsPerCall[participant.name] = await participant.check(server, ids, 0);
      }

      const subjects = participants.map((participant) => {
        let next = 0;
        return {
          name: participant.name,
          call: async () => {
            const id = ids[next++ % ids.length] ?? '';
            await participant.read(id);
          },
        };
      });
      const cases = [];
      for (const concurrency of CONCURRENCY) {
        for (const participant of participants) participant.resetCounts();
        const measurement = await measure({ subjects, concurrency, settings });
        for (const participant of participants) participant.expectLoads(0);
        const title = { suite: name, name: `hit, ${concurrency} at a time` };
        cases.push(...toCases(title, measurement, commandsPerCall));
      }
      return cases;
    }),
};

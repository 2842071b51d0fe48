// @ts-check
import { caches, cacheVersions } from '../contenders/caches.mjs';
import { measure } from '../lib/measure.mjs';
import { withParticipants } from '../lib/read-through.mjs';
import { toCases } from '../lib/report.mjs';

const CONCURRENCY = [1, 64];
/** Products that are read twice before measuring, to see that the first read stored them. */
const CHECKED = 200;

/** Reads of what is not in the cache yet: each call loads a product and stores it. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: cacheVersions,
  run: ({ suite: name, server, settings }) =>
    withParticipants(caches, server.url, async (participants) => {
      let fresh = 0;
      const nextId = () => `n${fresh++}`;
      /** @type {Record<string, Record<string, number>>} */
      const commandsPerCall = {};
      for (const participant of participants) {
        const ids = Array.from({ length: CHECKED }, nextId);
        commandsPerCall[participant.name] = await participant.check(server, ids, ids.length);
        await participant.check(server, ids, 0);
      }

      const subjects = participants.map((participant) => ({
        name: participant.name,
        call: async () => {
          await participant.read(nextId());
        },
      }));
      const cases = [];
      for (const concurrency of CONCURRENCY) {
        for (const participant of participants) participant.resetCounts();
        const measurement = await measure({
          subjects,
          concurrency,
          settings,
          // Nobody reads these products again, and all of them together would fill the memory.
          afterSlice: () => server.call('FLUSHALL', 'SYNC'),
        });
        for (const participant of participants) participant.expectLoads(participant.reads);
        const title = { suite: name, name: `miss and fill, ${concurrency} at a time` };
        cases.push(...toCases(title, measurement, commandsPerCall));
      }
      return cases;
    }),
};

// @ts-check
import { limiters, limiterVersions } from '../contenders/rate-limiters.mjs';
import { callsOf, check, LONG_MS, withLimiters } from '../lib/limiting.mjs';
import { measure } from '../lib/measure.mjs';
import { toCases } from '../lib/report.mjs';

const CONCURRENCY = [1, 64];
const LIMIT = 10;

/** A flood of requests of one key that is over its limit. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: limiterVersions,
  run: ({ suite: name, server, settings }) => {
    const policies = [{ name: 'flooded', limit: LIMIT, perMs: LONG_MS }];
    return withLimiters(limiters, server.url, policies, async (subjects) => {
      /** @type {Record<string, Record<string, number>>} */
      const commandsPerCall = {};
      for (const subject of subjects) {
        await check(subject, server, 'flooded', LIMIT);
        commandsPerCall[subject.name] = await check(subject, server, 'flooded', 0);
      }
      const cases = [];
      for (const concurrency of CONCURRENCY) {
        const measurement = await measure({
          subjects: subjects.map((subject) => callsOf(subject, () => 'flooded', false)),
          concurrency,
          settings,
        });
        const title = { suite: name, name: `denied, ${concurrency} at a time` };
        cases.push(...toCases(title, measurement, commandsPerCall));
      }
      return cases;
    });
  },
};

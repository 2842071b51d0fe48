// @ts-check
import { limiters, limiterVersions } from '../contenders/rate-limiters.mjs';
import { callsOf, check, LONG_MS, withLimiters } from '../lib/limiting.mjs';
import { measure } from '../lib/measure.mjs';
import { toCases } from '../lib/report.mjs';

const KEYS = 1_000;
const CONCURRENCY = [1, 64];
const COUNTS = [1, 3, 5];
/** Ways to deny; here everything is allowed. */
const SAME_WHEN_ALLOWED = ['redis-kit-no-deny-cache', 'rate-limiter-flexible-block'];

/** Requests that one, three or five policies allow. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: limiterVersions,
  run: async ({ suite: name, server, settings }) => {
    const contenders = limiters.filter((one) => !SAME_WHEN_ALLOWED.includes(one.name));
    const cases = [];
    for (const count of COUNTS) {
      // None ever denies, but none is so large that its unit would be nothing.
      const policies = Array.from({ length: count }, (_, at) => ({
        name: `p${count}-${at}`,
        limit: 10_000_000 + at,
        perMs: LONG_MS,
      }));
      const measured = await withLimiters(contenders, server.url, policies, async (subjects) => {
        /** @type {Record<string, Record<string, number>>} */
        const commandsPerCall = {};
        for (const subject of subjects) {
          commandsPerCall[subject.name] = await check(subject, server, 'checked', 20);
        }
        const found = [];
        for (const concurrency of CONCURRENCY) {
          const keyOf = (/** @type {number} */ call) => `user:${call % KEYS}`;
          const measurement = await measure({
            subjects: subjects.map((subject) => callsOf(subject, keyOf, true)),
            concurrency,
            settings,
          });
          const label = `${count} ${count === 1 ? 'policy' : 'policies'}, ${concurrency} at a time`;
          found.push(...toCases({ suite: name, name: label }, measurement, commandsPerCall));
        }
        return found;
      });
      cases.push(...measured);
    }
    return cases;
  },
};

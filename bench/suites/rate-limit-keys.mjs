// @ts-check
import { limiters, limiterVersions, redisKit } from '../contenders/rate-limiters.mjs';
import { callsOf, LONG_MS, withLimiters } from '../lib/limiting.mjs';
import { measure } from '../lib/measure.mjs';
import { toCases } from '../lib/report.mjs';

const MANY_KEYS = 100_000;
const CONCURRENCY = 64;
/** For bytes per key: as many keys, each used up to its limit. */
const MEASURED_KEYS = 500;
const LIMIT = 100;
const LARGE_LIMIT = 1_100;
const ALLOWED_ONLY = ['raw', 'redis-kit', 'rate-limiter-flexible', 'nest-lab'];

const ALGORITHMS = /** @type {const} */ ([
  ['token-bucket', 'token-bucket', LIMIT],
  ['sliding-window', 'sliding-window', LIMIT],
  ['sliding-window-in-intervals', 'sliding-window', LARGE_LIMIT],
  ['fixed-window', 'fixed-window', LIMIT],
  ['concurrency', 'concurrency', LIMIT],
]);

/** One key that everybody uses against very many, and what a key takes in Redis. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: limiterVersions,
  run: async ({ suite: name, server, settings }) => {
    const contenders = limiters.filter((one) => ALLOWED_ONLY.includes(one.name));
    const policies = [{ name: 'p', limit: 50_000_000, perMs: LONG_MS }];
    const cases = await withLimiters(contenders, server.url, policies, async (subjects) => {
      const found = [];
      for (const keys of [1, MANY_KEYS]) {
        const keyOf = (/** @type {number} */ call) => `user:${(call * 7_919) % keys}`;
        const measurement = await measure({
          subjects: subjects.map((subject) => callsOf(subject, keyOf, true)),
          concurrency: CONCURRENCY,
          settings,
        });
        const label = `${keys.toLocaleString('en')} ${keys === 1 ? 'key' : 'keys'}`;
        const title = { suite: name, name: `${label}, ${CONCURRENCY} at a time` };
        found.push(...toCases(title, measurement, {}));
      }
      return found;
    });
    return [...cases, await bytesPerKey(name, server, contenders)];
  },
};

/**
 * @param {string} suiteName
 * @param {import('../lib/run-suites.mjs').Context['server']} server
 * @param {readonly import('../contenders/rate-limiters.mjs').LimiterContender[]} contenders
 */
async function bytesPerKey(suiteName, server, contenders) {
  /** @type {Record<string, number>} */
  const results = {};
  const measured = [
    ...contenders
      .filter(({ name }) => name !== 'redis-kit')
      .map((contender) => ({ contender, limit: LIMIT })),
    ...ALGORITHMS.map(([name, algorithm, limit]) => ({
      contender: redisKit(`redis-kit-${name}`, {}, algorithm),
      limit,
    })),
  ];
  for (const { contender, limit } of measured) {
    await server.call('FLUSHALL', 'SYNC');
    const policies = [{ name: 'p', limit, perMs: LONG_MS }];
    await withLimiters([contender], server.url, policies, async ([subject]) => {
      if (!subject) return;
      await subject.limiter.consume('warm');
      const before = await usedMemory(server);
      for (let key = 0; key < MEASURED_KEYS; key++) {
        const uses = Array.from({ length: limit }, () => subject.limiter.consume(`user:${key}`));
        const allowed = await Promise.all(uses);
        if (!allowed.every(Boolean)) throw new Error(`${contender.name} denied within its limit`);
      }
      results[contender.name] = Math.round(((await usedMemory(server)) - before) / MEASURED_KEYS);
    });
  }
  return {
    suite: suiteName,
    name: `memory of Redis per key, ${LIMIT} counted (${LARGE_LIMIT} in intervals)`,
    unit: 'bytes',
    higherIsBetter: false,
    results,
    spread: {},
    ratios: {},
    commandsPerCall: {},
  };
}

/** @param {import('../lib/run-suites.mjs').Context['server']} server */
async function usedMemory(server) {
  const info = String(await server.call('INFO', 'memory'));
  return Number(/used_memory_dataset:(\d+)/.exec(info)?.[1]);
}

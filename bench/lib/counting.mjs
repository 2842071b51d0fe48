// @ts-check
import { measure } from './measure.mjs';
import { toCases } from './report.mjs';

/**
 * @typedef {import('../contenders/counting.mjs').CountingContender} CountingContender
 * @typedef {import('../contenders/counting.mjs').Counting} Counting
 */

const CONCURRENCY = [1, 64];
const NAMES = 1_000;
const CHECKED_CALLS = 20;

/**
 * A suite of contenders that add one to one of 1,000 things. Each proves before that it adds, and counts what the server
 * is asked for it.
 * @param {readonly CountingContender[]} contenders
 * @returns {import('./run-suites.mjs').Suite}
 */
export const countingSuite = (contenders) => ({
  versions: Object.assign({}, ...contenders.map(({ versions }) => versions)),
  run: async ({ suite, server, settings }) => {
    /** @type {{ name: string, counting: Counting }[]} */
    const open = [];
    try {
      /** @type {Record<string, Record<string, number>>} */
      const commandsPerCall = {};
      for (const { name, open: start } of contenders) {
        const counting = await start(server.url);
        open.push({ name, counting });
        commandsPerCall[name] = await check(name, counting, server);
      }
      const cases = [];
      for (const concurrency of CONCURRENCY) {
        const measurement = await measure({
          subjects: open.map(({ name, counting }) => ({ name, call: adding(name, counting) })),
          concurrency,
          settings,
        });
        const title = { suite, name: `add one, ${concurrency} at a time` };
        cases.push(...toCases(title, measurement, commandsPerCall));
      }
      return cases;
    } finally {
      await Promise.all(open.map(({ counting }) => counting.close()));
    }
  },
});

/**
 * @param {string} name
 * @param {Counting} counting
 */
function adding(name, counting) {
  let calls = 0;
  return async () => {
    const sum = await counting.add(`thing-${calls++ % NAMES}`);
    if (!(sum >= 1)) throw new Error(`${name} answered ${sum}`);
  };
}

/**
 * @param {string} name
 * @param {Counting} counting
 * @param {import('./run-suites.mjs').Context['server']} server
 */
async function check(name, counting, server) {
  const commands = await server.commandsDuring(async () => {
    for (let call = 1; call <= CHECKED_CALLS; call++) {
      const sum = await counting.add('checked');
      if (sum !== call) throw new Error(`${name} answered ${sum} to call ${call}`);
    }
  });
  return Object.fromEntries(
    Object.entries(commands).map(([command, calls]) => [
      command,
      Number((calls / CHECKED_CALLS).toFixed(2)),
    ]),
  );
}

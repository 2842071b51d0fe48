// @ts-check
import { within } from './within.mjs';

/**
 * @typedef {import('../contenders/rate-limiters.mjs').Limiter} Limiter
 * @typedef {import('../contenders/rate-limiters.mjs').LimiterContender} LimiterContender
 * @typedef {import('../contenders/rate-limiters.mjs').Policy} Policy
 * @typedef {import('./run-suites.mjs').Context['server']} Server
 */

const STEP_LIMIT_MS = 30_000;
const CHECKED_CALLS = 20;

/** Nothing of it comes back while a suite runs. */
export const LONG_MS = 1_000 * 24 * 60 * 60 * 1_000;

/**
 * Opens the contenders, runs `work` with all of them, and closes them.
 * @template T
 * @param {readonly LimiterContender[]} contenders
 * @param {string} url
 * @param {readonly Policy[]} policies
 * @param {(open: { name: string, limiter: Limiter }[]) => Promise<T>} work
 */
export async function withLimiters(contenders, url, policies, work) {
  /** @type {{ name: string, limiter: Limiter }[]} */
  const open = [];
  try {
    for (const { name, open: start } of contenders) {
      const limiter = await within(
        STEP_LIMIT_MS,
        `opening ${name}`,
        start({ name, url, policies }),
      );
      open.push({ name, limiter });
    }
    return await work(open);
  } finally {
    await Promise.all(open.map(({ limiter }) => limiter.close()));
  }
}

/**
 * Makes sure that a limiter allows exactly `expected` of some requests, and counts what the server was asked.
 * @param {{ name: string, limiter: Limiter }} subject
 * @param {Server} server
 * @param {string} key
 * @param {number} expected of 20
 */
export async function check({ name, limiter }, server, key, expected) {
  let allowed = 0;
  const commands = await server.commandsDuring(async () => {
    for (let call = 0; call < CHECKED_CALLS; call++) {
      if (await limiter.consume(key)) allowed += 1;
    }
  });
  if (allowed !== expected) {
    throw new Error(`${name} allowed ${allowed} of ${CHECKED_CALLS} requests, not ${expected}`);
  }
  return Object.fromEntries(
    Object.entries(commands).map(([command, calls]) => [
      command,
      Number((calls / CHECKED_CALLS).toFixed(2)),
    ]),
  );
}

/**
 * Calls of one limiter that must all end in the same way.
 * @param {{ name: string, limiter: Limiter }} subject
 * @param {(call: number) => string} keyOf
 * @param {boolean} expected
 */
export function callsOf({ name, limiter }, keyOf, expected) {
  let calls = 0;
  return {
    name,
    call: async () => {
      const isAllowed = await limiter.consume(keyOf(calls++));
      if (isAllowed !== expected) throw new Error(`${name} answered ${isAllowed}`);
    },
  };
}

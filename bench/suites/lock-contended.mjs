// @ts-check
import { lockContenders, lockVersions } from '../contenders/locks.mjs';
import { takeTurns, percentile } from '../lib/turns.mjs';
import { within } from '../lib/within.mjs';

const CLIENTS = 4;
const STUCK_AFTER_MS = 180_000;

/** A quick run leaves out the largest burst. */
const QUICK_BELOW_SECONDS = 1;

const PLANS = [
  { title: 'burst of 10, held 1 ms', callers: 10, rounds: 1, holdMs: 1 },
  { title: 'burst of 10, held 10 ms', callers: 10, rounds: 1, holdMs: 10 },
  { title: 'burst of 100, held 1 ms', callers: 100, rounds: 1, holdMs: 1 },
  { title: 'burst of 100, held 10 ms', callers: 100, rounds: 1, holdMs: 10 },
  { title: 'burst of 1,000, held 1 ms', callers: 1_000, rounds: 1, holdMs: 1 },
  { title: 'burst of 1,000, held 10 ms', callers: 1_000, rounds: 1, holdMs: 10 },
  { title: 'closed loop of 40, held 2 ms', callers: 40, rounds: 10, holdMs: 2 },
];

/** One lock that many want, in four clients. The ideal is the time of all holds together. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: lockVersions,
  run: async ({ suite: name, server, settings }) => {
    const isQuick = settings.seconds < QUICK_BELOW_SECONDS;
    const cases = [];
    for (const plan of PLANS.filter(({ callers }) => !isQuick || callers < 1_000)) {
      /** @type {Record<string, number>} */
      const overIdeal = {};
      /** @type {Record<string, number>} */
      const p99 = {};
      /** @type {Record<string, number>} */
      const longest = {};
      /** @type {Record<string, Record<string, number>>} */
      const commandsPerCall = {};
      for (const contender of lockContenders.filter(({ waits }) => waits)) {
        const opened = await Promise.all(
          Array.from({ length: CLIENTS }, () => contender.open(server.url)),
        );
        try {
          const warm = { callers: 8, rounds: 2, holdMs: 1 };
          await takeTurns(opened, { ...warm, name: `${contender.name}:warm` });
          /** @type {import('../lib/turns.mjs').Turns | undefined} */
          let turns;
          const commands = await server.commandsDuring(async () => {
            const work = takeTurns(opened, { ...plan, name: `${contender.name}:${plan.title}` });
            turns = await within(STUCK_AFTER_MS, contender.name, work);
          });
          if (!turns) throw new Error('Nothing was measured');
          overIdeal[contender.name] = Number((turns.wallMs / turns.heldMs).toFixed(3));
          p99[contender.name] = Number(percentile(turns.waitsMs, 0.99).toFixed(1));
          longest[contender.name] = Number(percentile(turns.waitsMs, 1).toFixed(1));
          const acquisitions = plan.callers * plan.rounds;
          commandsPerCall[contender.name] = Object.fromEntries(
            Object.entries(commands).map(([command, calls]) => [command, calls / acquisitions]),
          );
        } finally {
          await Promise.all(opened.map(({ close }) => close()));
        }
      }
      const common = { suite: name, higherIsBetter: false, spread: {}, ratios: {} };
      cases.push(
        {
          ...common,
          name: `${plan.title}: wall over ideal`,
          unit: 'times',
          results: overIdeal,
          commandsPerCall,
        },
        {
          ...common,
          name: `${plan.title}: 99th percentile of waits`,
          unit: 'ms',
          results: p99,
          commandsPerCall: {},
        },
        {
          ...common,
          name: `${plan.title}: longest wait`,
          unit: 'ms',
          results: longest,
          commandsPerCall: {},
        },
      );
    }
    return cases;
  },
};

// @ts-check
import autocannon from 'autocannon';
import { applications } from '../contenders/limited-applications.mjs';
import { toCases } from '../lib/report.mjs';
import { peerVersion } from '../lib/versions.mjs';

/** Requests in progress at any time, each on a connection of its own. */
const CONNECTIONS = 16;
/** The least that the load generator measures. */
const SHORTEST_SECONDS = 1;

/** What a limit costs a page of a Nest application on Express, served and asked for in one process. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: Object.assign(
    { autocannon: peerVersion('autocannon') },
    ...applications.map(({ versions }) => versions),
  ),
  run: async ({ suite: name, server, settings }) => {
    /** @type {{ name: string, url: string, close: () => Promise<void> }[]} */
    const open = [];
    try {
      /** @type {Record<string, Record<string, number>>} */
      const commandsPerCall = {};
      for (const contender of applications) {
        const app = { name: contender.name, ...(await contender.open(server.url)) };
        open.push(app);
        commandsPerCall[app.name] = await check(app, server);
      }
      const seconds = Math.max(SHORTEST_SECONDS, Math.round(settings.seconds / settings.rounds));
      /** @type {import('../lib/measure.mjs').Measurement} */
      const measurement = new Map(open.map((app) => [app.name, []]));
      for (const { url } of open) await load(url, SHORTEST_SECONDS);
      for (let round = 0; round < settings.rounds; round++) {
        const first = round % open.length;
        for (const app of [...open.slice(first), ...open.slice(0, first)]) {
          measurement.get(app.name)?.push(await load(app.url, seconds));
        }
      }
      // The load generator runs in the same process, so its CPU time is not the application's.
      return toCases(
        { suite: name, name: 'one limit by address' },
        measurement,
        commandsPerCall,
      ).slice(0, 1);
    } finally {
      for (const app of open) await app.close();
    }
  },
};

/** @typedef {import('../../libs/redis-kit/dist/testing/index.js').RedisServer} RedisServer */

/**
 * One request as the first: whoever limits it has asked Redis.
 * @param {{ name: string, url: string }} app
 * @param {RedisServer} server
 * @returns {Promise<Record<string, number>>} commands the server ran for a request
 */
async function check({ name, url }, server) {
  await (await fetch(url)).arrayBuffer();
  const before = await server.commandCount('evalsha');
  const full = await server.commandCount('eval');
  await (await fetch(url)).arrayBuffer();
  const asked = {
    evalsha: (await server.commandCount('evalsha')) - before,
    eval: (await server.commandCount('eval')) - full,
  };
  if (asked.evalsha + asked.eval !== (name === 'raw' ? 0 : 1)) {
    throw new Error(`${name} asked Redis ${asked.evalsha + asked.eval} times for a request`);
  }
  return asked;
}

/**
 * @param {string} url
 * @param {number} duration seconds
 * @returns {Promise<import('../lib/measure.mjs').Slice>}
 */
async function load(url, duration) {
  const result = await autocannon({ url, connections: CONNECTIONS, duration });
  if (result.non2xx + result.errors + result.timeouts > 0) {
    throw new Error(`${url} answered ${result.non2xx} requests with an error`);
  }
  return { callsPerSecond: result.requests.total / result.duration, cpuMicroseconds: 0 };
}

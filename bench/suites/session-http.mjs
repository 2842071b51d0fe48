// @ts-check
import autocannon from 'autocannon';
import { sessionApplications } from '../contenders/session-applications.mjs';
import { fromSamples, toCases } from '../lib/report.mjs';
import { peerVersion } from '../lib/versions.mjs';

/** Requests in progress at any time, each on a connection, and with a session, of its own. */
const CONNECTIONS = 32;
/** The least that the load generator measures. */
const SHORTEST_SECONDS = 1;
const CHECKED_REQUESTS = 100;
const PAGES = /** @type {const} */ (['read', 'write']);
const PEER = 'connect-redis';

/** What a session costs a page of a Nest application on Express, served and asked for in one process. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: Object.assign(
    { autocannon: peerVersion('autocannon') },
    ...sessionApplications.map(({ versions }) => versions),
  ),
  run: async ({ suite: name, server, settings }) => {
    /** @type {(Subject & { close: () => Promise<void> })[]} */
    const open = [];
    try {
      for (const contender of sessionApplications) {
        const app = await contender.open(server.url);
        const cookies = await Promise.all(
          Array.from({ length: CONNECTIONS }, () => cookieOf(app.urlOf('write'))),
        );
        open.push({ name: contender.name, ...app, cookies });
      }
      const cases = [];
      for (const page of PAGES) {
        /** @type {Record<string, Record<string, number>>} */
        const commandsPerCall = {};
        for (const app of open) commandsPerCall[app.name] = await check(app, page, server);
        const measurement = await inTurns(open, page, settings);
        const title = { suite: name, name: `a page that ${page}s` };
        // The load generator runs in the same process, so its CPU time is not the application's.
        cases.push(...toCases(title, measurement, commandsPerCall).slice(0, 1));
        cases.push(againstPeer(title, measurement));
      }
      return cases;
    } finally {
      for (const app of open) await app.close();
    }
  },
};

/**
 * @typedef {import('../../libs/redis-kit/dist/testing/index.js').RedisServer} RedisServer
 * @typedef {{ name: string, urlOf: (page: string) => string, cookies: string[] }} Subject
 */

/** @param {string} url */
async function cookieOf(url) {
  const response = await fetch(url);
  await response.arrayBuffer();
  const [cookie] = response.headers.getSetCookie();
  if (!cookie) throw new Error(`${url} gave no cookie`);
  return /** @type {string} */ (cookie.split(';')[0]);
}

/**
 * Makes sure that sessions are kept, and counts what the server is asked.
 * @param {Subject} app
 * @param {'read' | 'write'} page
 * @param {RedisServer} server
 */
async function check({ name, urlOf, cookies }, page, server) {
  const [cookie = ''] = cookies;
  const ask = async () => {
    const response = await fetch(urlOf(page), { headers: { cookie } });
    return /** @type {{ count: number }} */ (await response.json()).count;
  };
  const before = await ask();
  let last = before;
  const commands = await server.commandsDuring(async () => {
    for (let request = 0; request < CHECKED_REQUESTS; request++) last = await ask();
  });
  const expected = page === 'read' ? before : before + CHECKED_REQUESTS;
  if (before < 1 || last !== expected) {
    throw new Error(`${name} counted ${last}, not ${expected}`);
  }
  return Object.fromEntries(
    Object.entries(commands).map(([command, calls]) => [command, calls / CHECKED_REQUESTS]),
  );
}

/**
 * @param {Subject[]} apps
 * @param {string} page
 * @param {import('../lib/measure.mjs').Settings} settings
 */
async function inTurns(apps, page, settings) {
  const seconds = Math.max(SHORTEST_SECONDS, Math.round(settings.seconds / settings.rounds));
  /** @type {import('../lib/measure.mjs').Measurement} */
  const measurement = new Map(apps.map(({ name }) => [name, []]));
  for (const app of apps) await load(app, page, SHORTEST_SECONDS);
  for (let round = 0; round < settings.rounds; round++) {
    const first = round % apps.length;
    for (const app of [...apps.slice(first), ...apps.slice(0, first)]) {
      measurement.get(app.name)?.push(await load(app, page, seconds));
    }
  }
  return measurement;
}

/**
 * @param {Subject} app
 * @param {string} page
 * @param {number} duration seconds
 * @returns {Promise<import('../lib/measure.mjs').Slice>}
 */
async function load({ urlOf, cookies }, page, duration) {
  const url = urlOf(page);
  let connection = 0;
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration,
    setupClient: (client) => {
      client.setHeaders({ cookie: cookies[connection++ % cookies.length] });
    },
  });
  if (result.non2xx + result.errors + result.timeouts > 0) {
    throw new Error(`${url} answered ${result.non2xx} requests with an error`);
  }
  return { callsPerSecond: result.requests.total / result.duration, cpuMicroseconds: 0 };
}

/**
 * @param {{ suite: string, name: string }} title
 * @param {import('../lib/measure.mjs').Measurement} measurement
 */
function againstPeer({ suite: suiteName, name }, measurement) {
  const peer = measurement.get(PEER) ?? [];
  const ratios = (measurement.get('redis-kit') ?? []).map(
    ({ callsPerSecond }, round) => callsPerSecond / (peer[round]?.callsPerSecond ?? Number.NaN),
  );
  return fromSamples(
    {
      suite: suiteName,
      name: `${name}: against ${PEER}, round by round`,
      unit: 'ratio',
      higherIsBetter: true,
    },
    new Map([['redis-kit', ratios]]),
  );
}

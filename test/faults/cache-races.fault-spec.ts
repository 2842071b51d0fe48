import { setInterval as every } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { isolatedNamespace, RedisServer, type ScenarioProcesses } from 'nestjs-redis-kit/testing';
import type { methods } from '../scenarios/cache-race.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { runScenario } from '../support/run-scenario.js';
import type { Topology } from '../support/topologies/topology.js';

const PROCESSES = 3;
const RACE_MS = 4_000;
const HOUR_MS = 3_600_000;

interface Chaos {
  readonly name: string;
  readonly intervalMs: number;
  /** Whether about a thousand invalidations a second go on beside it. */
  readonly storm?: boolean;
  act(topology: Topology, namespace: string, round: number): Promise<unknown>;
}

const killLinks = async (topology: Topology) =>
  Promise.all((await topology.masters()).map((server) => server.killClients({ type: 'pubsub' })));

/** Things that happen to a cache, one every so often. */
const CHAOS: Chaos[] = [
  { name: 'nothing', intervalMs: 500, act: async () => undefined },
  {
    name: 'tracking and subscriber links are killed',
    intervalMs: 150,
    act: killLinks,
  },
  {
    name: 'tracking links are killed in a storm of invalidations',
    intervalMs: 400,
    storm: true,
    act: killLinks,
  },
  {
    name: 'tokens and entries are evicted',
    intervalMs: 40,
    act: async ({ admin }, namespace, round) => {
      const key = `k${round % 4}`;
      await admin.unlink(`${namespace}:v1:cache-tag:{default:tag:${key}}`);
      await admin.unlink(`${namespace}:v1:cache:{default:${key}}`);
      if (round % 10 === 0) await admin.unlink(`${namespace}:v1:cache-epoch:{default}`);
    },
  },
  {
    name: 'the servers stop for moments',
    intervalMs: 200,
    act: async (topology, _, round) => {
      if (round % 3 === 0) topology.pauseAll();
      if (round % 3 === 1) await topology.resumeAll();
    },
  },
];

/** Without an L1 there is less to go wrong; the chaos that concerns links is for local memory. */
const RACES = [...CHAOS.map((chaos) => ({ ...chaos, l1: true })), { ...CHAOS[0]!, l1: false }];

describeTopologies('three processes that read and invalidate', (topology) => {
  let database: RedisServer;
  let processes: ScenarioProcesses<typeof methods>;
  beforeAll(async () => {
    database = await RedisServer.start();
    processes = await runScenario<typeof methods>(PROCESSES, 'cache-race');
  });
  afterAll(async () => {
    await processes.stop();
    await database.stop();
  });

  it.each(RACES)(
    'serve nothing older than an invalidation that returned, while $name (L1: $l1)',
    async ({ intervalMs, act, l1, storm = false }) => {
      const namespace = isolatedNamespace();
      const seed = Date.now() % 1_000_000;
      await Promise.all(
        Array.from({ length: PROCESSES }, (_, index) =>
          processes.call(index, 'start', {
            namespace,
            connection: topology.connectionOptions(),
            databaseUrl: database.url,
            l1,
            storm,
            clockSkewMs: (index - 1) * HOUR_MS,
            seed: seed + index,
          }),
        ),
      );
      const until = performance.now() + RACE_MS;
      let round = 0;
      for await (const _ of every(intervalMs)) {
        // The last round leaves the servers running.
        if (performance.now() > until && round % 3 !== 1) break;
        await act(topology, namespace, round++);
      }
      const reports = await processes.all('stop');
      const total = (count: (report: (typeof reports)[number]) => number) =>
        reports.reduce((sum, report) => sum + count(report), 0);
      expect({
        seed,
        here: reports.flatMap((report) => report.staleHere),
        elsewhere: reports.flatMap((report) => report.staleElsewhere),
      }).toEqual({ seed, here: [], elsewhere: [] });
      expect(total((report) => report.reads)).toBeGreaterThan(100);
      expect(total((report) => report.invalidations)).toBeGreaterThan(10);
    },
  );
});

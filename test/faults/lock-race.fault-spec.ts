import { setInterval as every } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LockService } from 'nestjs-redis-kit';
import {
  eventually,
  isolatedNamespace,
  keysWithoutExpiry,
  RedisServer,
  TcpProxy,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import { PERMITS, type methods } from '../scenarios/lock-race.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { fenceRegressionsOf, holdsOf, inversionsOf, overlapsOf } from '../support/lock-race.js';
import { runScenario } from '../support/run-scenario.js';
import type { Topology, TopologyConnection, TopologyName } from '../support/topologies/topology.js';

const PROCESSES = 3;
const RACE_MS = 2_500;
const HOUR_MS = 3_600_000;

interface Arena {
  readonly topology: Topology;
  readonly processes: ScenarioProcesses<typeof methods>;
  /** In front of each server that was a master at first. */
  readonly proxies: readonly TcpProxy[];
  readonly namespace: string;
  /** Ends a process with SIGKILL, and starts another one in its place. */
  replace(index: number): Promise<void>;
}

interface Chaos {
  readonly name: string;
  readonly on: readonly TopologyName[];
  readonly intervalMs: number;
  /** Everybody is served in turn: nobody was stopped, and no place in a queue was lost. */
  readonly inOrder?: boolean;
  /** What was not replicated may be lost with the master; fences rise all the same. */
  readonly mayOverlap?: boolean;
  act(arena: Arena, round: number): Promise<unknown>;
}

const killSubscribers = async (topology: Topology) =>
  Promise.all((await topology.masters()).map((server) => server.killClients({ type: 'pubsub' })));

const EVERYWHERE: readonly TopologyName[] = ['standalone', 'sentinel', 'cluster'];

/** Things that happen to locks, one every so often. The last round is a multiple of four, and leaves all running. */
const CHAOS: Chaos[] = [
  {
    name: 'nothing',
    on: ['standalone'],
    intervalMs: 500,
    inOrder: true,
    act: async () => undefined,
  },
  {
    name: 'messages and scripts are lost',
    on: EVERYWHERE,
    intervalMs: 150,
    act: async ({ topology }) => {
      await killSubscribers(topology);
      for (const server of await topology.masters()) await server.flushScripts();
    },
  },
  {
    name: 'processes are stopped, stalled and killed',
    on: EVERYWHERE,
    intervalMs: 400,
    act: async ({ processes, replace }, round) => {
      const index = (round >> 2) % PROCESSES;
      if (round % 4 === 0) processes.pause(index);
      // Longer than the lease.
      if (round % 4 === 2) processes.resume(index);
      if (round % 4 === 2) await processes.call((index + 1) % PROCESSES, 'stall', 900);
      if (round % 4 === 3) await replace((index + 2) % PROCESSES);
    },
  },
  {
    name: 'the servers stop for moments',
    on: EVERYWHERE,
    intervalMs: 300,
    act: async ({ topology }, round) => {
      if (round % 4 === 0) topology.pauseAll();
      if (round % 4 === 2) await topology.resumeAll();
    },
  },
  {
    name: 'links are cut, and requests and replies are lost',
    on: EVERYWHERE,
    intervalMs: 250,
    act: async ({ proxies }, round) => {
      for (const proxy of proxies) {
        if (round % 8 === 0) proxy.dropReplies();
        if (round % 8 === 4) proxy.blackhole({ existingOnly: true });
        if (round % 4 === 1) await proxy.heal();
        if (round % 4 === 2) await proxy.cut();
      }
    },
  },
  {
    name: 'keys of queues are deleted',
    on: ['standalone'],
    intervalMs: 100,
    act: async ({ topology: { admin }, namespace }, round) => {
      const kind = ['lock:{first}', 'semaphore:{semaphore}', 'read-write:{document}'][round % 3]!;
      await admin.unlink(`${namespace}:v1:${kind}:${round % 2 ? 'queue' : 'processes'}`);
    },
  },
  {
    name: 'the master is replaced',
    on: ['sentinel'],
    intervalMs: 1_000,
    mayOverlap: true,
    act: async ({ topology }, round) => {
      if (round === 1) await topology.failover!();
    },
  },
  {
    name: 'a master hands over and a slot moves',
    on: ['cluster'],
    intervalMs: 700,
    act: async ({ topology, namespace }, round) => {
      if (round === 1) await topology.failover!();
      if (round === 3) await topology.migrate!(`${namespace}:v1:semaphore:{semaphore}:holders`);
    },
  },
];

describeTopologies('three processes that race for locks', (topology) => {
  const chaos = CHAOS.filter(({ on }) => on.includes(topology.name));
  let ledger: RedisServer;
  let proxies: TcpProxy[];
  let connection: TopologyConnection;
  let processes: ScenarioProcesses<typeof methods>;

  beforeAll(async () => {
    ledger = await RedisServer.start();
    processes = await runScenario<typeof methods>(PROCESSES, 'lock-race');
    const masters = await topology.masters();
    proxies = await Promise.all(masters.map((master) => TcpProxy.start(master)));
    connection = proxied(topology, masters, proxies);
  });

  afterAll(async () => {
    await processes.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await ledger.stop();
  });

  it.each(chaos)(
    'are each granted their turn while $name',
    async ({ act, intervalMs, inOrder, mayOverlap }) => {
      const namespace = isolatedNamespace();
      const seed = Date.now() % 1_000_000;
      const deaths = new Map<number, number>();
      const start = (index: number) =>
        processes.call(index, 'start', {
          namespace,
          connection,
          ledgerUrl: ledger.url,
          clockSkewMs: (index - 1) * HOUR_MS,
          seed: seed + index,
        });
      await Promise.all(Array.from({ length: PROCESSES }, (_, index) => start(index)));
      const arena: Arena = {
        topology,
        processes,
        proxies,
        namespace,
        replace: async (index) => {
          const pid = processes.pid(index);
          await processes.kill(index);
          deaths.set(pid, Number(process.hrtime.bigint()) / 1e6);
          await processes.restart(index);
          await start(index);
        },
      };
      const until = performance.now() + RACE_MS;
      let round = 0;
      for await (const _ of every(intervalMs)) {
        if (performance.now() > until && round % 4 === 0) break;
        await act(arena, round++);
      }
      for (const proxy of proxies) await proxy.heal();

      const reports = await processes.all('stop');
      const all = <T>(pick: (report: (typeof reports)[number]) => T[]) => reports.flatMap(pick);
      const holds = await holdsOf(ledger.client(), namespace, deaths);
      expect({
        seed,
        overlaps: mayOverlap ? [] : overlapsOf(holds),
        regressions: fenceRegressionsOf(holds),
        inversions: inOrder ? inversionsOf(holds) : [],
        late: all(({ late }) => late),
        refused: mayOverlap ? [] : all(({ refused }) => refused),
        errors: all(({ errors }) => errors),
        open: all(({ open }) => open),
      }).toEqual({
        seed,
        overlaps: [],
        regressions: [],
        inversions: [],
        late: [],
        refused: [],
        errors: [],
        open: [],
      });
      expect(holds.length).toBeGreaterThan(50);
      // A place that was given up, and that the new master never heard of, stays until somebody asks.
      if (!mayOverlap) await eventually(() => expectNothingHeld(topology, namespace));
      await acquireEach(topology, namespace);
      await eventually(() => expectNothingHeld(topology, namespace));
      expect(await keysWithoutExpiry(topology.admin, `${namespace}:*`)).toEqual([]);
    },
  );
});

/** How processes reach the topology through the proxies; by another way what was no master at first. */
function proxied(
  topology: Topology,
  masters: readonly RedisServer[],
  proxies: readonly TcpProxy[],
): TopologyConnection {
  if (topology.name === 'standalone') return { url: proxies[0]!.url };
  const natMap = Object.fromEntries(
    masters.map(({ host, port }, at) => [
      `${host}:${port}`,
      { host: proxies[at]!.host, port: proxies[at]!.port },
    ]),
  );
  return { ...topology.connectionOptions(), natMap };
}

/** An application that comes later is granted all there is, one after the other. */
async function acquireEach(topology: Topology, namespace: string): Promise<void> {
  const app = await startApplication({
    namespace,
    connections: { default: topology.connectionOptions() },
    locks: { wait: '20s' },
  });
  try {
    const locks = app.get(LockService);
    for (const lock of [
      await locks.acquire('first'),
      await locks.acquire('second'),
      await locks.semaphore('semaphore', { permits: PERMITS }).acquire({ permits: PERMITS }),
      await locks.readWriteLock('document').write(),
    ]) {
      expect(await lock.release()).toBe(true);
    }
  } finally {
    await app.close();
  }
}

/** Nobody waits, and nobody holds whose lease has not ended. */
async function expectNothingHeld({ admin }: Topology, namespace: string): Promise<void> {
  const key = (kind: string, part = '') => `${namespace}:v1:${kind}${part}`;
  const now = Number((await admin.time())[0]) * 1_000;
  const mutexes = ['lock:{first}', 'lock:{second}'];
  for (const mutex of mutexes) {
    const [owner = '', , expiry] = (await admin.get(key(mutex)))?.split('|') ?? [];
    expect(owner === '' || Number(expiry) <= now).toBe(true);
  }
  const shared = ['semaphore:{semaphore}', 'read-write:{document}'];
  for (const kind of shared) expect(await admin.zcount(key(kind, ':holders'), now, '+inf')).toBe(0);
  for (const kind of [...mutexes, ...shared]) {
    expect(await admin.exists(key(kind, ':queue'))).toBe(0);
  }
}

describe('the checker of a race', () => {
  const hold = { resource: 'a', process: 1, weight: 3, fence: 1, calledAt: 0, startedAt: 0 };

  it('finds overlaps, fences that fall, and whoever was passed', () => {
    const first = { ...hold, queuedAt: 1, startedAt: 5, endedAt: 20, fence: 2 };
    const second = { ...hold, calledAt: 2, startedAt: 10, endedAt: 30, fence: 1 };
    expect(overlapsOf([first, second])).toHaveLength(1);
    expect(overlapsOf([first, { ...second, startedAt: 20 }])).toEqual([]);
    expect(fenceRegressionsOf([first, { ...second, startedAt: 20 }])).toHaveLength(1);
    expect(fenceRegressionsOf([first, { ...second, startedAt: 20, fence: 3 }])).toEqual([]);
    expect(inversionsOf([first, second])).toHaveLength(1);
    expect(inversionsOf([first, { ...second, fence: 3 }])).toEqual([]);
    const light = { weight: 1, endedAt: 9 };
    expect(overlapsOf([1, 2, 3].map(() => ({ ...hold, ...light })))).toEqual([]);
    expect(overlapsOf([1, 2, 3, 4].map(() => ({ ...hold, ...light })))).toHaveLength(1);
  });
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DeadLetters, EventProcessor, EventStore, type RedisKitOptions } from 'nestjs-redis-kit';
import {
  eventually,
  isolatedNamespace,
  RedisServer,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import type { methods } from '../scenarios/stream-processor.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { runScenario } from '../support/run-scenario.js';

const PATIENT = { within: 50_000, every: 200 };

describeTopologies('processes that handle events', (topology) => {
  let ledger: RedisServer;
  let processes: ScenarioProcesses<typeof methods>;
  let namespace: string;

  beforeAll(async () => {
    ledger = await RedisServer.start();
    processes = await runScenario<typeof methods>(3, 'stream-processor');
  });

  afterAll(async () => {
    await processes.stop();
    await ledger.stop();
  });

  const options = (): RedisKitOptions => ({
    namespace,
    connections: { default: topology.connectionOptions() },
    streams: { partitions: 4, lease: '1s', process: false },
  });

  const start = (index: number, handlerMs = 2) =>
    processes.call(index, 'start', {
      namespace,
      connection: topology.connectionOptions(),
      ledgerUrl: ledger.url,
      category: 'order',
      handlerMs,
    });

  const handled = async (): Promise<Map<string, number>> => {
    const lines = await ledger.client().lrange(`${namespace}:done`, 0, -1);
    const times = new Map<string, number>();
    for (const line of lines) {
      const id = line.split(' ')[2]!;
      times.set(id, (times.get(id) ?? 0) + 1);
    }
    return times;
  };

  /** The first time each event of a stream was done is after that of the one before it. */
  const expectOrder = async (): Promise<void> => {
    const lines = await ledger.client().lrange(`${namespace}:done`, 0, -1);
    const last = new Map<string, number>();
    for (const line of lines) {
      const [stream, version] = line.split(' ') as [string, string];
      const before = last.get(stream) ?? 0;
      expect(Number(version)).toBeLessThanOrEqual(before + 1);
      last.set(stream, Math.max(before, Number(version)));
    }
  };

  const expectAll = async (ids: readonly string[]): Promise<Map<string, number>> =>
    eventually(async () => {
      const times = await handled();
      const missing = ids.filter((id) => !times.has(id));
      expect(missing.slice(0, 5)).toEqual([]);
      return times;
    }, PATIENT);

  const replace = async (index: number, handlerMs?: number): Promise<void> => {
    await processes.kill(index);
    await processes.restart(index);
    await start(index, handlerMs);
  };

  it('lose none when processes are killed in the middle of it, and keep the order', async () => {
    namespace = isolatedNamespace();
    await Promise.all([0, 1, 2].map((index) => start(index, 30)));
    const appended = processes.call(2, 'append', 0, 800, false);
    for (const [at, index] of [0, 1].entries()) {
      await eventually(async () => (await handled()).size > 50 + at * 150, PATIENT);
      await replace(index, 30);
    }
    const ids = await appended;
    expect(ids).toHaveLength(800);
    const times = await expectAll(ids);
    expect(times.size).toBe(800);
    await expectOrder();
    await Promise.all([0, 1, 2].map((index) => processes.call(index, 'stop')));
  });

  it('lose none when a process stands still for longer than its lease', async () => {
    namespace = isolatedNamespace();
    await Promise.all([0, 1, 2].map((index) => start(index, 5)));
    const appended = processes.call(2, 'append', 0, 600, false);
    await eventually(async () => (await handled()).size > 50, PATIENT);
    processes.pause(0);
    const before = (await handled()).size;
    await eventually(async () => (await handled()).size > before + 200, PATIENT);
    processes.resume(0);
    const ids = await appended;
    await expectAll(ids);
    await expectOrder();
    await Promise.all([0, 1, 2].map((index) => processes.call(index, 'stop')));
  });

  it('lose none when groups are deleted and scripts are forgotten', async () => {
    namespace = isolatedNamespace();
    await Promise.all([0, 1].map((index) => start(index, 5)));
    const appended = processes.call(0, 'append', 0, 400, false);
    for (let round = 1; round <= 3; round++) {
      await eventually(async () => (await handled()).size > round * 60, PATIENT);
      for (const master of await topology.masters()) await master.flushScripts();
      for (let partition = 0; partition < 4; partition++) {
        const log = `${namespace}:v1:stream:{order.${partition}}:log`;
        await topology.admin.xgroup('DESTROY', log, 'g');
      }
    }
    await expectAll(await appended);
    await expectOrder();
    await Promise.all([0, 1].map((index) => processes.call(index, 'stop')));
  });

  if (topology.name === 'standalone') {
    it('give up the event that ends them, and no other', async () => {
      namespace = isolatedNamespace();
      const app = await startApplication(options());
      try {
        const store = app.get(EventStore);
        for (let n = 0; n < 30; n++) {
          await store.append(`order-${n % 3}`, { id: `e${n}`, type: 'Added', data: { n } });
        }
        await store.append('order-1', { id: 'poison', type: 'Poison', data: {} });
        for (let n = 30; n < 60; n++) {
          await store.append(`order-${n % 3}`, { id: `e${n}`, type: 'Added', data: { n } });
        }
        await start(0);
        const source = { category: 'order', group: 'g' };
        await eventually(async () => {
          // Whoever has died is started again, as a supervisor would.
          const isAlive = await processes.call(0, 'append', 0, 0, false).then(
            () => true,
            () => false,
          );
          if (!isAlive) await processes.restart(0).then(() => start(0));
          const { count } = await app.get(DeadLetters).summary(source);
          expect(count).toBe(1);
        }, PATIENT);
        await expectAll(Array.from({ length: 60 }, (_, n) => `e${n}`));
        const [letter] = await app.get(DeadLetters).list(source);
        expect(letter).toMatchObject({ reason: 'exhausted', eventId: 'poison' });
        const began = await ledger.client().lrange(`${namespace}:began`, 0, -1);
        // Once unsuspected, once among others, then alone.
        expect(began.filter((id) => id === 'poison').length).toBeLessThanOrEqual(3);
        await eventually(async () => {
          const status = await app.get(EventProcessor).status(source);
          expect(status.map(({ pending }) => pending)).toEqual([0, 0, 0, 0]);
        }, PATIENT);
        await processes.call(0, 'stop');
      } finally {
        await app.close();
      }
    });
    return;
  }

  it('lose no event that a replica confirmed when a master is replaced', async () => {
    namespace = isolatedNamespace();
    await Promise.all([0, 1].map((index) => start(index, 1)));
    const appended = processes.call(1, 'append', 0, 500, true);
    await eventually(async () => (await handled()).size > 50, PATIENT);
    await topology.failover!();
    const ids = await appended;
    expect(ids.length).toBe(500);
    await expectAll(ids);
    const app = await startApplication(options());
    try {
      const found: string[] = [];
      for await (const event of app.get(EventStore).readAll('order')) found.push(event.id);
      // The store doubled none.
      expect(found.length).toBe(new Set(found).size);
      expect(new Set(found)).toEqual(new Set(ids));
    } finally {
      await app.close();
    }
    await Promise.all([0, 1].map((index) => processes.call(index, 'stop')));
  });
});

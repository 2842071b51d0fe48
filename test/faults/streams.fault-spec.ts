import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { Redis } from 'ioredis';
import {
  AppendOutcomeUnknownError,
  ConcurrencyError,
  EventProcessor,
  EventStore,
  EvictionError,
  Inbox,
  PartitionCountError,
  RedisKitEvents,
  type LogGap,
  type RedisKitOptions,
} from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';
import { RedisConnections } from '../../libs/redis-kit/src/core/connections/redis-connections.js';
import { KeySpace } from '../../libs/redis-kit/src/core/key-space.js';
import { RedisInboxStorage } from '../../libs/redis-kit/src/streams/processing/inbox.js';
import { RedisGroupStorage } from '../../libs/redis-kit/src/streams/stores/redis-group-storage.js';
import { startApplication } from '../support/application.js';

const PATIENT = { within: 30_000 };
const AT = { category: 'order', partition: 0, group: 'g', stream: undefined };
const added = (n: number) => ({ id: `e${n}`, type: 'Added', data: { n } });

describe('streams', () => {
  let server: RedisServer;
  let admin: Redis;
  let namespace: string;
  let apps: INestApplicationContext[];

  beforeEach(async () => {
    server = await RedisServer.start({ config: { appendonly: 'yes', appendfsync: 'always' } });
    admin = server.client();
    namespace = isolatedNamespace();
    apps = [];
  });

  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await server.stop();
  });

  const start = async (options: RedisKitOptions = {}): Promise<INestApplicationContext> => {
    const app = await startApplication({
      namespace,
      ...(options.connections ? {} : { url: server.url }),
      ...options,
      streams: { partitions: 1, lease: '1s', poll: '200ms', ...options.streams },
    });
    apps.push(app);
    return app;
  };

  const groupsOf = (app: INestApplicationContext): RedisGroupStorage =>
    new RedisGroupStorage(
      app.get(RedisConnections).get(),
      app.get(KeySpace),
      async () => undefined,
    );

  const key = (part: string): string => `${namespace}:v1:stream:{order.0}:${part}`;

  it('store an append once whose reply was lost, and say that its outcome is unknown', async () => {
    const proxy = await TcpProxy.start({ host: server.host, port: server.port });
    try {
      const app = await start({
        connections: { default: { url: proxy.url, commandTimeout: '500ms' } },
      });
      const store = app.get(EventStore);
      await store.append('order-1', added(0));
      proxy.dropReplies();
      const failure = await store
        .append(
          'order-1',
          [
            { type: 'Added', data: {} },
            { type: 'Added', data: {} },
          ],
          {
            expectedVersion: 1,
          },
        )
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AppendOutcomeUnknownError);
      await proxy.heal();
      const { events } = failure as AppendOutcomeUnknownError;
      const again = await eventually(
        () => store.append('order-1', events as never, { expectedVersion: 1 }),
        PATIENT,
      );
      expect(again).toMatchObject({ version: 3, isDuplicate: true });
      expect(await admin.xlen(key('log'))).toBe(3);
    } finally {
      await proxy.stop();
    }
  });

  it('take all of 64 writers at one stream that decide again, once each', async () => {
    const app = await start();
    const store = app.get(EventStore);
    let conflicts = 0;
    await Promise.all(
      Array.from({ length: 64 }, async (_, writer) => {
        for (let done = 0; done < 2;) {
          const last = (await store.read('order-1', { direction: 'backward', limit: 1 }))[0];
          try {
            await store.append('order-1', added(writer * 2 + done), {
              expectedVersion: last?.version ?? 0,
            });
            done += 1;
          } catch (error) {
            expect(error).toBeInstanceOf(ConcurrencyError);
            conflicts += 1;
          }
        }
      }),
    );
    expect(conflicts).toBeGreaterThan(0);
    const events = await store.read('order-1');
    expect(new Set(events.map(({ id }) => id)).size).toBe(128);
    expect(events.map(({ version }) => version)).toEqual(events.map((_, at) => at + 1));
  });

  it('begin a new epoch after a restart, count on, and tell a reader what it has too many', async () => {
    const app = await start();
    const store = app.get(EventStore);
    const before = await store.append('order-1', [added(1), added(2), added(3)]);
    await server.kill();
    await server.restart();
    const after = await eventually(() => store.append('order-1', added(4)), PATIENT);
    const [epoch, ordinal] = before.position!.split('-').map(Number) as [number, number];
    const [laterEpoch, laterOrdinal] = after.position!.split('-').map(Number) as [number, number];
    expect(ordinal).toBe(3);
    expect(laterOrdinal).toBe(4);
    expect(laterEpoch).toBeGreaterThan(epoch);
    const page = await store.readAll('order', { from: { 'order.0': before.position! } });
    expect(page.events.map(({ version }) => version)).toEqual([4]);
    expect(page.gaps).toEqual([]);
    // As if a failover had taken five events that the reader has had.
    const ahead = await store.readAll('order', { from: { 'order.0': `${epoch}-8` } });
    const lost: LogGap = { category: 'order', partition: 0, kind: 'rolled-back', count: 5 };
    expect(ahead.gaps).toEqual([lost]);
    await admin.xtrim(key('log'), 'MAXLEN', 1);
    const behind = await store.readAll('order');
    expect(behind.gaps).toEqual([{ ...lost, kind: 'trimmed', count: 3 }]);
  });

  it('remember repeated appends beyond the window when a version is expected', async () => {
    const app = await start();
    const store = app.get(EventStore);
    await store.append('order-1', added(-1), { expectedVersion: 0 });
    for (let at = 0; at < 3; at++) {
      const many = Array.from({ length: 1_000 }, (_, n) => added(at * 1_000 + n));
      await store.append('order-1', many);
    }
    const again = await store.append('order-1', added(-1), { expectedVersion: 0 });
    expect(again).toMatchObject({ isDuplicate: true, version: 1 });
    const recent = await store.append('order-1', added(1_500));
    expect(recent).toMatchObject({ isDuplicate: true, version: 1_502 });
    expect(await admin.hlen(key('state:order-1'))).toBeLessThan(2_010);
  });

  it('refuse another number of partitions, and a server that throws them away', async () => {
    const one = await start();
    await one.get(EventStore).append('order-1', added(1));
    const other = await start({ streams: { categories: { order: { partitions: 2 } } } });
    await expect(other.get(EventStore).append('order-1', added(2))).rejects.toBeInstanceOf(
      PartitionCountError,
    );
    // The number itself was lost, in a failover for example.
    await admin.del(`${namespace}:v1:stream:{order}:partitions`);
    const third = await start({ streams: { categories: { order: { partitions: 2 } } } });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => third.get(EventStore).append(`order-${n}`, added(n))),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toBeInstanceOf(PartitionCountError);

    await server.configSet('maxmemory', '100mb');
    await server.configSet('maxmemory-policy', 'allkeys-lru');
    const evicted = await start();
    await expect(evicted.get(EventStore).append('cart-1', added(1))).rejects.toBeInstanceOf(
      EvictionError,
    );
    const told = await start({ streams: { allowEviction: true } });
    await told.get(EventStore).append('cart-1', added(1));
    await server.configSet('maxmemory-policy', 'volatile-ttl');
    await evicted.get(EventStore).append('cart-1', added(2));
  });

  it('refuse a step that arrives late, so that it hands out nothing that nobody sees', async () => {
    const app = await start();
    await app.get(EventStore).append('order-1', [added(1), added(2)]);
    const groups = groupsOf(app);
    const acquire = () => groups.acquire(AT, { owner: 'a', leaseMs: 60_000, start: 'start' });
    const request = { leaseMs: 60_000, room: 10, retryAfter: '', acks: { log: [], retry: [] } };
    const first = await acquire();
    const second = await acquire();
    if (!first.isGranted || !second.isGranted) throw new Error('not granted');
    expect(Number(second.fence)).toBeGreaterThan(Number(first.fence));
    const late = await groups.step(AT, { ...request, fence: first.fence, after: '>' });
    expect(late).toEqual({ outcome: 'lost' });
    const step = await groups.step(AT, { ...request, fence: second.fence, after: '>' });
    expect(step).toMatchObject({ outcome: 'ok', entries: [{ id: expect.any(String) }, {}] });
    // The reply is lost: what it took is pending, and is read by whoever comes next.
    const third = await acquire();
    if (!third.isGranted) throw new Error('not granted');
    const pending = await groups.step(AT, { ...request, fence: third.fence, after: '0-0' });
    expect(pending).toMatchObject({ entries: [{}, {}] });
    const other = await groups.acquire(AT, { owner: 'b', leaseMs: 1_000, start: 'start' });
    expect(other).toMatchObject({ isGranted: false });
    if (step.outcome !== 'ok') throw new Error('not ok');
    const burial = { reason: 'failed', message: '', attempts: 1 } as const;
    expect(await groups.bury(AT, second.fence, step.entries[0]!, burial)).toBe('lost');
    expect(await groups.bury(AT, third.fence, step.entries[0]!, burial)).toBe('buried');
    expect(await groups.bury(AT, third.fence, step.entries[0]!, burial)).toBe('gone');
    expect(await admin.xlen(key('dead:g'))).toBe(1);
  });

  it('count what was trimmed before it was handled: before it was read, and after', async () => {
    const app = await start();
    const store = app.get(EventStore);
    const gaps: number[] = [];
    app.get(RedisKitEvents).on('stream.gap', ({ kind, count }) => {
      expect(kind).toBe('trimmed');
      gaps.push(count);
    });
    await store.append(
      'order-1',
      Array.from({ length: 12 }, (_, n) => added(n)),
    );
    const groups = groupsOf(app);
    const dead = await groups.acquire(AT, { owner: 'dead', leaseMs: 1, start: 'start' });
    if (!dead.isGranted) throw new Error('not granted');
    const acks = { log: [], retry: [] };
    const request = { fence: dead.fence, leaseMs: 1, room: 3, after: '>', retryAfter: '', acks };
    await groups.step(AT, request);
    // A group is not overtaken, unless by force.
    expect(await store.trim('order', { keep: 0 })).toBe(0);
    await admin.xtrim(key('log'), 'MAXLEN', 4);
    const handled: number[] = [];
    app.get(EventProcessor).handle({ category: 'order', group: 'g' }, ({ version }) => {
      handled.push(version);
    });
    await eventually(() => expect(handled).toEqual([9, 10, 11, 12]), PATIENT);
    await eventually(() => expect(gaps.reduce((sum, count) => sum + count, 0)).toBe(8), PATIENT);
    await eventually(
      async () => expect((await admin.xpending(key('log'), 'g'))[0]).toBe(0),
      PATIENT,
    );
  });

  it('make a dead letter of a payload that cannot be read, and go on', async () => {
    const app = await start();
    const store = app.get(EventStore);
    await store.append('order-1', added(1));
    const [epoch] = (await store.end('order'))['order.0']!.split('-') as [string];
    const fields = {
      stream: 'order-1',
      version: '2',
      id: 'x',
      type: 'A',
      at: '1',
      data: '{',
      meta: '',
    };
    await admin.xadd(key('log'), `${epoch}-2`, ...Object.entries(fields).flat());
    await admin.xadd(key('log'), `${epoch}-3`, 'foreign', 'entry');
    const handled: string[] = [];
    const buried: string[] = [];
    app.get(RedisKitEvents).on('stream.dead-lettered', ({ reason }) => buried.push(reason));
    const listening = app.get(EventProcessor);
    listening.handle({ category: 'order', group: 'g' }, ({ id }) => handled.push(id));
    await eventually(() => expect(buried).toEqual(['undecodable', 'undecodable']), PATIENT);
    // The log's end is beyond what its head says; the next append goes on all the same.
    await server.kill();
    await server.restart();
    await eventually(() => store.append('order-1', added(9)), PATIENT);
    await eventually(() => expect(handled).toEqual(['e1', 'e9']), PATIENT);
  });

  it('handle an event once whose handling takes longer than the lease, while Redis stops, too', async () => {
    const [one, two] = [await start(), await start()];
    const began: string[] = [];
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    for (const app of [one, two]) {
      app.get(EventProcessor).handle({ category: 'order', group: 'g' }, async ({ id }) => {
        began.push(id);
        if (id === 'e1') await finished;
      });
    }
    await one.get(EventStore).append('order-1', [added(1), added(2)]);
    await one.get(EventStore).append('order-2', added(3));
    // Others go on for several leases meanwhile.
    for (let n = 4; n < 30; n++) {
      await one.get(EventStore).append('order-2', added(n));
      await eventually(() => began.includes(`e${n}`), PATIENT);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const renewals = async () => Number(await admin.hget(key('group:g'), 'until'));
    const until = await renewals();
    await eventually(async () => expect(await renewals()).toBeGreaterThan(until + 2_500), PATIENT);
    expect(began.filter((id) => id === 'e1')).toHaveLength(1);
    finish();
    await eventually(() => expect(began).toContain('e2'), PATIENT);
    await eventually(
      async () => expect((await admin.xpending(key('log'), 'g'))[0]).toBe(0),
      PATIENT,
    );
    expect(new Set(began).size).toBe(began.length);
  });

  it('do work again that ended with its process, and not twice', async () => {
    const app = await start();
    const storage = new RedisInboxStorage(app.get(RedisConnections).get(), app.get(KeySpace));
    await storage.begin('default', 'event', 'running:dead', 300);
    const inbox = app.get(Inbox);
    const runs: number[] = [];
    const outcome = await eventually(() => inbox.processOnce('event', () => runs.push(1)), PATIENT);
    expect(outcome).toEqual({ isDone: true, value: 1 });
    expect(await storage.settle('default', 'event', 'running:dead', 'done', 1_000)).toBe(false);
    expect(await inbox.processOnce('event', () => runs.push(2))).toEqual({ isDone: false });
    expect(await admin.pttl(`${namespace}:v1:stream-inbox:{default:event}`)).toBeGreaterThan(1_000);
  });
});

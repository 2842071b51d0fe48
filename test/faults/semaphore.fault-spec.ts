import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { LockLostError, LockService } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';
import { KeySpace } from '../../libs/redis-kit/src/core/key-space.js';
import { runScript } from '../../libs/redis-kit/src/core/scripts/script-runner.js';
import { permitKeys } from '../../libs/redis-kit/src/lock/permit-key-set.js';
import {
  acquirePermits,
  releasePermits,
  renewPermits,
  touchPermits,
} from '../../libs/redis-kit/src/lock/permit.scripts.js';
import { startApplication } from '../support/application.js';

const namespace = isolatedNamespace();
const PERMITS = 2;

let server: RedisServer;
let redis: Redis;
let proxy: TcpProxy;
/** Reaches Redis directly, and through the proxy. */
let near: LockService;
let far: LockService;
let apps: INestApplicationContext[];
let name: string;

beforeAll(async () => {
  server = await RedisServer.start();
  redis = server.client();
  proxy = await TcpProxy.start(server);
  const start = (url: string) =>
    startApplication({
      namespace,
      connections: { default: { url } },
      locks: { lease: '30s', wait: '30s', heartbeat: 200, claim: 500 },
    });
  apps = [await start(server.url), await start(proxy.url)];
  near = apps[0]!.get(LockService);
  far = apps[1]!.get(LockService);
  // A server that does not know a script is sent its text, after a reply that a test may lose.
  const document = near.readWriteLock('warm');
  await (await far.readWriteLock('warm').read()).release();
  await (await (await document.write()).downgrade()).release();
  await near.latch('warm', { count: 1 }).countDown();
});

afterEach(() => proxy.heal());

afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await proxy.stop();
  await server.stop();
});

beforeEach(() => {
  name = isolatedNamespace('name');
});

const keys = () => permitKeys(new KeySpace(namespace), 'semaphore', name);
const documentKeys = () => permitKeys(new KeySpace(namespace), 'read-write', name);
const semaphores = () =>
  [near.semaphore(name, { permits: PERMITS }), far.semaphore(name, { permits: PERMITS })] as const;
const queued = (count: number, of = keys()) =>
  eventually(async () => expect(await redis.zcard(of.queue)).toBe(count));

describe('a reply that is lost', () => {
  it('of an acquisition takes no second permit', async () => {
    const [one, two] = semaphores();
    proxy.dropReplies();
    const acquiring = two.acquire();
    await eventually(async () => expect(await one.available()).toBe(1));
    await proxy.heal();
    const permit = await acquiring;
    expect(await one.available()).toBe(1);
    expect(await permit.release()).toBe(true);
    expect(await one.available()).toBe(PERMITS);
  });

  it('of a release gives back one permit, and not that of another', async () => {
    const [one, two] = semaphores();
    const [permit, other] = [await two.acquire(), await one.acquire()];
    proxy.dropReplies();
    const releasing = permit.release();
    await eventually(async () => expect(await one.available()).toBe(1));
    await proxy.heal();
    expect(await releasing).toBe(true);
    other.check();
    expect(await one.available()).toBe(1);
    expect(await other.release()).toBe(true);
  });

  it('of a downgrade leaves one reader', async () => {
    const writer = await far.readWriteLock(name).write();
    proxy.dropReplies();
    const downgrading = writer.downgrade();
    await eventually(async () =>
      expect((await redis.zrange(documentKeys().holders, '0', '-1'))[0]).toMatch(/\.1$/),
    );
    await proxy.heal();
    const reader = await downgrading;
    expect(await redis.zcard(documentKeys().holders)).toBe(1);
    expect(await near.readWriteLock(name).tryWrite()).toBeNull();
    expect(await reader.release()).toBe(true);
    expect(await redis.zcard(documentKeys().holders)).toBe(0);
  });

  it('of a count counts once', async () => {
    const latch = far.latch(name, { count: 2 });
    proxy.dropReplies();
    const counting = latch.countDown().catch(() => undefined);
    await eventually(async () => expect(await near.latch(name, { count: 2 }).missing()).toBe(1));
    await proxy.heal();
    await counting;
    expect(await latch.missing()).toBe(1);
  });
});

describe('a process that is gone', () => {
  it('gives way in the queue, also when it waits at the head for more than is free', async () => {
    const [one, two] = semaphores();
    const first = await one.acquire();
    const ended = new AbortController();
    const heavy = two.acquire({ permits: 2, signal: ended.signal });
    const outcome = heavy.then(() => 'granted', String);
    await queued(1);
    const light = one.acquire();
    await queued(2);
    proxy.blackhole();
    // Nothing is released: only that the head is dead lets the next one pass.
    const second = await light;
    ended.abort();
    await proxy.heal();
    expect(await outcome).toContain('was ended');
    await Promise.all([first.release(), second.release()]);
    await queued(0);
    expect(await one.available()).toBe(PERMITS);
  });

  it('gives its permits back when their lease has ended', async () => {
    const [one, two] = semaphores();
    const lost = await two.acquire({ permits: 2, lease: '2s' });
    proxy.blackhole();
    const next = await one.acquire({ permits: 2 });
    // Whoever has them next has them after the other one has stopped to trust its own.
    expect(lost.signal.aborted || lost.remaining() === 0).toBe(true);
    expect(next.fence).toBeGreaterThan(lost.fence);
    await proxy.heal();
    expect(await lost.release()).toBe(false);
    next.check();
    expect(await next.release()).toBe(true);
  });
});

describe('a waiter', () => {
  it('that gives up in the moment it is granted leaves nothing behind', async () => {
    const [one, two] = semaphores();
    for (let i = 0; i < 30; i++) {
      const first = await one.acquire({ permits: 2 });
      const ended = new AbortController();
      const waiting = two.acquire({ signal: ended.signal });
      await queued(1);
      const released = first.release();
      if (i % 3 === 0) ended.abort();
      else setTimeout(() => ended.abort(), i % 7);
      await released;
      const outcome = await Promise.allSettled([waiting]);
      if (outcome[0].status === 'fulfilled') await outcome[0].value.release();
      await eventually(async () => expect(await one.available()).toBe(PERMITS));
    }
    expect(await redis.exists(keys().queue)).toBe(0);
  });

  it('keeps its place when the queue is deleted', async () => {
    const [one, two] = semaphores();
    const first = await one.acquire({ permits: 2 });
    const early = two.acquire({ permits: 2 });
    await queued(1);
    const late = one.acquire({ permits: 2 });
    await queued(2);
    await redis.unlink(keys().queue, keys().processes);
    await queued(2);
    await first.release();
    const { fence } = await early;
    await (await early).release();
    expect((await late).fence).toBeGreaterThan(fence);
    await (await late).release();
  });

  it('needs no message: a heartbeat finds what was granted', async () => {
    const [one, two] = semaphores();
    const first = await one.acquire({ permits: 2 });
    const waiting = two.acquire();
    await queued(1);
    const chaos = setInterval(() => void server.killClients({ type: 'pubsub' }), 20);
    try {
      await first.release();
      expect(await (await waiting).release()).toBe(true);
      const latch = far.latch(name, { count: 1 });
      const opening = latch.wait();
      await near.latch(name, { count: 1 }).countDown();
      await opening;
    } finally {
      clearInterval(chaos);
    }
  });
});

describe('what Redis loses', () => {
  it('is lost by its holders, by a third of the lease', async () => {
    const [one] = semaphores();
    const permit = await one.acquire({ lease: '2s' });
    await redis.unlink(keys().holders);
    await eventually(() => permit.signal.aborted);
    expect((permit.signal.reason as LockLostError).reason).toBe('gone');
    expect(await permit.release()).toBe(false);
  });

  it('does not take fences back', async () => {
    const [one] = semaphores();
    const before = await one.acquire();
    await redis.unlink(keys().meta);
    const after = await one.acquire();
    expect(after.fence).toBeGreaterThan(before.fence);
    await Promise.all([before.release(), after.release()]);
  });

  it('makes a leader a candidate again, with a greater fence', async () => {
    const terms: number[] = [];
    const lost: string[] = [];
    const election = near.elect(name, {
      lease: '2s',
      onElected: ({ fence }) => terms.push(fence),
      onLost: ({ reason }) => lost.push(reason),
    });
    await eventually(() => terms.length === 1);
    await redis.unlink(`${namespace}:v1:lock:{election:${name}}`);
    await eventually(() => terms.length === 2);
    expect(terms[1]).toBeGreaterThan(terms[0]!);
    expect(lost).toEqual(['gone']);
    expect(election.isLeader).toBe(true);
    await election.stop();
    expect(await redis.get(`${namespace}:v1:lock:{election:${name}}`)).toMatch(/^\|/);
  });
});

describe('a server without memory', () => {
  it('lets go of permits, and hands them on', async () => {
    const [one, two] = semaphores();
    const first = await one.acquire({ permits: 2 });
    const waiting = two.acquire();
    await queued(1);
    const writer = await one.tryAcquire();
    expect(writer).toBeNull();
    await server.configSet('maxmemory', '1');
    try {
      expect(await first.release()).toBe(true);
      const next = await waiting;
      await next.extend('1m');
      expect(await next.release()).toBe(true);
    } finally {
      await server.configSet('maxmemory', '0');
    }
  });
});

describe('a script', () => {
  const terms = { channels: `${namespace}:wake:`, counts: 0, claimMs: 10_000, limit: PERMITS };
  const acquire = (id: string, waits = 1) =>
    runScript(redis, acquirePermits, keys(), {
      ...terms,
      id,
      leaseMs: 60_000,
      waits,
      ticket: '',
      aliveMs: 60_000,
    });
  const release = (id: string, tombstone: number) =>
    runScript(redis, releasePermits, keys(), { ...terms, id, tombstone });
  const look = (...ids: string[]) =>
    runScript(redis, touchPermits, keys(), { ...terms, process: '', aliveMs: 0, ids });

  it('refuses an acquisition that comes after it was taken back', async () => {
    expect(await release('p~1~2.1', 1)).toBe(false);
    expect((await acquire('p~1~2.1')).outcome).toBe('refused');
    expect((await look()).used).toBe(0);
    // And what was held and given back with a request still under way.
    await acquire('p~2~2.1');
    expect(await release('p~2~2.1', 1)).toBe(true);
    expect((await acquire('p~2~2.1')).outcome).toBe('refused');
    expect(await redis.pttl(keys().refused)).toBeGreaterThan(50_000);
  });

  it('confirms each holder its own fence', async () => {
    const first = await acquire('p~1~2.1');
    const second = await acquire('p~2~2.1');
    expect(second.number).toBeGreaterThan(first.number);
    expect((await acquire('p~1~2.1')).number).toBe(first.number);
    expect((await look('p~1~2.1', 'p~2~2.1')).standings).toEqual([first.number, second.number]);
  });

  it('makes no lease and no key live shorter', async () => {
    const left = async () => (await look('p~1~2.1')).leaseLeftMs;
    const renew = (leaseMs: number) =>
      runScript(redis, renewPermits, keys(), { ...terms, terms: ['p~1~2.1', leaseMs] });
    await acquire('p~1~2.1');
    expect(await renew(3_600_000)).toEqual([1]);
    expect(await renew(1_000)).toEqual([1]);
    await acquire('p~1~2.1');
    expect(await left()).toBeGreaterThan(3_500_000);
    for (const key of [keys().holders, keys().meta]) {
      expect(await redis.pttl(key)).toBeGreaterThan(3_500_000);
    }
  });

  it('does not bring back a lease that has ended', async () => {
    await acquire('p~1~2.1');
    await redis.zadd(keys().holders, 1, 'p~1~2.1');
    const renew = { ...terms, terms: ['p~1~2.1', 60_000, 'p~2~2.1', 60_000] };
    expect(await runScript(redis, renewPermits, keys(), renew)).toEqual([-2, 0]);
    expect((await acquire('p~1~2.1')).outcome).toBe('refused');
    expect((await look()).used).toBe(0);
  });

  it('serves the queue whoever calls it', async () => {
    await acquire('p~1~2.2');
    expect((await acquire('q~1~2.1')).outcome).toBe('queued');
    await redis.zadd(keys().holders, 1, 'p~1~2.2');
    // One that does not wait, and comes after: the queue is served first.
    expect((await acquire('r~1~2.2', 0)).outcome).toBe('taken');
    expect((await look('q~1~2.1')).standings[0]).toBeGreaterThan(0);
  });

  const hasAged = () => redis.hset(keys().processes, { q: '1', r: '1' });
  const isLost = () => redis.hdel(keys().processes, 'q');

  it.each([
    ['when the server was away for longer than all of them say they live', hasAged],
    ['whose sign of life was lost', isLost],
  ])('takes nobody for dead %s', async (_, signOfLife) => {
    await acquire('p~1~2.2');
    expect((await acquire('q~1~2.2')).outcome).toBe('queued');
    expect((await acquire('r~1~2.2')).outcome).toBe('queued');
    await signOfLife();
    await release('p~1~2.2', 0);
    const [first, second] = (await look('q~1~2.2', 'r~1~2.2')).standings;
    expect([first! > 0, second]).toEqual([true, 0]);
  });
});

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LockLostError, LockTimeoutError, type Lock, type LocksOptions } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';
import { startLocks, type LockProcessUnderTest } from '../support/lock-processes.js';

let server: RedisServer;
let proxy: TcpProxy;
let namespace: string;
const processes: LockProcessUnderTest[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(() => server.stop());

beforeEach(async () => {
  namespace = isolatedNamespace();
  proxy = await TcpProxy.start(server);
});

afterEach(async () => {
  await Promise.all(processes.splice(0).map(({ app }) => app.close()));
  await proxy.stop();
});

const start = async (options: LocksOptions = {}, url = server.url) => {
  const started = await startLocks(url, namespace, { wait: '1m', ...options });
  processes.push(started);
  return started;
};
const key = (name: string, part = '') => `${namespace}:v1:lock:{${name}}${part}`;
const ownerOf = async (name: string): Promise<string> =>
  String(await server.client().get(key(name))).split('|')[0]!;

/** A request of a process that is not there: nobody hears its messages, and it never asks again. */
const absent = (n: number) => `absent~${n}~0`;
describe('a link that breaks', () => {
  it('between a request and its reply makes the call ask again, and hold once', async () => {
    const one = await start({}, proxy.url);
    await (await one.locks.acquire('warm')).release();
    proxy.dropReplies();
    const acquiring = one.locks.acquire('a');
    // It was executed, and nobody has been told.
    await eventually(async () => expect(await ownerOf('a')).not.toBe(''));
    await eventually(async () => expect(await server.client().exists(key('a'))).toBe(1));
    await proxy.heal();
    const lock = await acquiring;
    expect(await ownerOf('a')).toMatch(one.locks.process.id);
    expect(await one.locks.tryAcquire('a')).toBeNull();
    expect(await lock.release()).toBe(true);
    expect(await ownerOf('a')).toBe('');
    // A request may still be on its way: its id is refused.
    const [tombstone] = await server.client().hkeys(key('a', ':cancelled'));
    expect(tombstone).toMatch(one.locks.process.id);
  });

  it('between a release and its reply: it was given back once, and says so', async () => {
    const [one, two] = [await start({}, proxy.url), await start()];
    const lock = await one.locks.acquire('a');
    proxy.dropReplies();
    const released = lock.release();
    await eventually(async () => expect(await ownerOf('a')).toBe(''));
    const next = await two.locks.acquire('a');
    await proxy.heal();
    expect(await released).toBe(true);
    next.check();
    expect(await next.release()).toBe(true);
  });

  it('without closing (half-open) costs no lock: the link is replaced before the lease ends', async () => {
    const one = await start({}, proxy.url);
    const lock = await one.locks.acquire('a', { lease: '6s' });
    proxy.blackhole({ existingOnly: true });
    const firstLeaseEndsAt = performance.now() + 6_000;
    await eventually(() => performance.now() > firstLeaseEndsAt && lock.remaining() > 1_000, {
      within: 20_000,
    });
    expect(lock.signal.aborted).toBe(false);
    expect(await lock.release()).toBe(true);
  });

  it('for longer than the lease loses the lock, and says so in time', async () => {
    const one = await start({}, proxy.url);
    const lock = await one.locks.acquire('a', { lease: '2s' });
    const sentBefore = performance.now();
    await proxy.cut({ refuse: true });
    await eventually(() => lock.signal.aborted);
    expect(lock.signal.reason).toBeInstanceOf(LockLostError);
    expect((lock.signal.reason as LockLostError).reason).toBe('unreachable');
    expect(one.lost).toMatchObject([{ name: 'a', kind: 'mutex', reason: 'unreachable' }]);
    expect(performance.now() - sentBefore).toBeGreaterThan(1_000);
    await proxy.heal();
    const two = await start();
    // Nobody gave it back: it ran out.
    expect((await two.locks.acquire('a')).fence).toBeGreaterThan(lock.fence);
    expect(await lock.release()).toBe(false);
    expect(await ownerOf('a')).toMatch(two.locks.process.id);
  });

  it('before a release: it is heard later, also when nobody waits for it any more', async () => {
    const one = await start({}, proxy.url);
    const lock = await one.locks.acquire('a');
    await proxy.cut({ refuse: true });
    const released = lock.release();
    await expect(released).resolves.toBe(false);
    await proxy.heal();
    await eventually(async () => expect(await ownerOf('a')).toBe(''));
    expect(one.locks.process.watchdog.size).toBe(0);
  });

  it('makes a wait fail at its deadline, with the reason', async () => {
    const one = await start({}, proxy.url);
    await (await one.locks.acquire('warm')).release();
    await proxy.cut({ refuse: true });
    const startedAt = performance.now();
    const failed = one.locks.acquire('a', { wait: 300 });
    await expect(failed).rejects.toThrow(LockTimeoutError);
    await expect(failed).rejects.toThrow('Redis did not answer');
    await expect(failed).rejects.toMatchObject({
      holderAgeMs: undefined,
      cause: expect.any(Error),
    });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await expect(one.locks.tryAcquire('a')).rejects.toThrow(LockTimeoutError);
  });

  it('counts the trusted time from when the request was sent, not from its answer', async () => {
    const one = await start({}, proxy.url);
    await (await one.locks.acquire('warm')).release();
    proxy.delay(400, 'replies');
    const lock = await one.locks.acquire('a', { lease: '20s', renew: false });
    expect(lock.remaining()).toBeLessThanOrEqual(20_000 * 0.99 - 2 - 400);
  });
});

describe('messages', () => {
  it('that come late, about what is held already, release nothing', async () => {
    const one = await start();
    const lock = await one.locks.acquire('a');
    const id = await ownerOf('a');
    one.locks.process.granted({ id, fence: lock.fence, claimMs: 3_000 });
    one.locks.process.granted({ id: absent(1), fence: 1, claimMs: 3_000 });
    expect(await one.locks.tryAcquire('a')).toBeNull();
    expect(await ownerOf('a')).toBe(id);
    expect(await lock.release()).toBe(true);
  });

  it('that are all lost cost a heartbeat each', async () => {
    const options = { heartbeat: '200ms', claim: '5s' } as const;
    const [one, two] = [await start(options), await start(options)];
    for (const { locks } of [one, two]) {
      await locks.process.channel.ready();
      locks.process.channel.close();
    }
    const order: string[] = [];
    const turns = [one, two, one, two].map(({ locks }, i) =>
      locks.withLock('a', () => order.push(`${i}`)),
    );
    await Promise.all(turns);
    expect(order).toHaveLength(4);
  });

  it('missed while the link was replaced are found at once', async () => {
    const [one, two] = [await start(), await start({ heartbeat: '1m', claim: '5m' })];
    const lock = await one.locks.acquire('a');
    const queued = two.queued();
    const waiting = two.locks.acquire('a');
    await queued;
    await server.killClients({ type: 'pubsub' });
    await lock.release();
    // Long before its heartbeat.
    expect(await (await waiting).release()).toBe(true);
  });
});

describe('a contended hand-over', () => {
  it('costs five commands, however long it takes: nobody polls', async () => {
    const options = { heartbeat: '1m', claim: '5m' } as const;
    const [one, two] = [await start(options), await start(options)];
    const held: Lock[] = [];
    const handOver = async () => {
      const lock = await one.locks.acquire('a');
      const queued = two.queued();
      const waiting = two.locks.acquire('a');
      await queued;
      // Long enough for whoever would ask again and again.
      await pause(300);
      await lock.release();
      held.push(await waiting);
    };
    // The server learns the scripts.
    await handOver();
    await held.pop()?.release();
    const { evalsha } = await server.commandsDuring(handOver);
    await held.pop()?.release();
    // One takes, two tries to and queues, one hands back in the cheap way and, since somebody waits, by the queue.
    expect(evalsha).toBe(5);
  });
});

describe('a server', () => {
  it('without memory lets go of locks, and hands them on', async () => {
    const [one, two] = [await start(), await start()];
    const lock = await one.locks.acquire('a', { lease: '10s' });
    const other = await one.locks.acquire('b');
    const queued = two.queued();
    const waiting = two.locks.acquire('a');
    await queued;
    await server.configSet('maxmemory', '1mb');
    try {
      await expect(one.locks.acquire('c')).rejects.toThrow('OOM');
      await lock.extend('20s');
      expect(await lock.release()).toBe(true);
      expect(await (await waiting).release()).toBe(true);
      expect(await other.release()).toBe(true);
    } finally {
      await server.configSet('maxmemory', '0');
    }
  });

  it('that forgets its scripts is told them again', async () => {
    const [one, two] = [await start(), await start()];
    const lock = await one.locks.acquire('a', { lease: '2s' });
    const waiting = two.locks.acquire('a');
    await server.flushScripts();
    await lock.extend('1s');
    await lock.release();
    await server.flushScripts();
    expect(await (await waiting).release()).toBe(true);
  });

  it('that loses a lock makes its holder lose it, by a third of the lease', async () => {
    const { locks } = await start();
    const lock = await locks.acquire('a', { lease: '3s' });
    await server.client().del(key('a'));
    await eventually(() => lock.signal.aborted);
    expect((lock.signal.reason as LockLostError).reason).toBe('gone');
    const stolen = await locks.acquire('a', { lease: '3s' });
    expect(stolen.fence).toBeGreaterThan(lock.fence);
    await server.client().set(key('a'), 'other~1~0|1|99999999999999|0|', 'PX', 60_000);
    await eventually(() => stolen.signal.aborted);
    expect((stolen.signal.reason as LockLostError).reason).toBe('stolen');
    await server.client().del(key('a'));
    // Nobody had noticed, and the lease was not over.
    const unnoticed = locks.withLock('a', () => server.client().del(key('a')));
    await expect(unnoticed).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'gone' });
  });

  it('keeps one key for a lock, however often it is used', async () => {
    const { locks } = await start();
    for (let i = 0; i < 300; i++) await (await locks.acquire('a')).release();
    const keys = await server.client().keys(`${namespace}:v1:lock*`);
    expect(keys).toEqual([key('a')]);
  });
});

describe('a stall of this process', () => {
  it('is told by check() and remaining() before the signal has fired', async () => {
    const { locks } = await start();
    const lock = await locks.acquire('a', { lease: 500 });
    const { signal } = lock;
    const until = performance.now() + 600;
    while (performance.now() < until);
    expect(signal.aborted).toBe(false);
    expect(lock.remaining()).toBe(0);
    expect(() => lock.check()).toThrow(LockLostError);
    expect(signal.aborted).toBe(true);
  });
});

describe('the end of the application', () => {
  it('ends waits, lets holders finish and leaves nothing', async () => {
    const [one, two] = [await start(), await start()];
    const lock = await one.locks.acquire('a');
    const queued = two.queued();
    const waiting = two.locks.acquire('a');
    waiting.catch(() => undefined);
    await queued;
    await two.app.close();
    await expect(waiting).rejects.toMatchObject({ code: 'LOCK_ABORTED' });
    await expect(two.locks.acquire('a')).rejects.toMatchObject({ code: 'LOCK_ABORTED' });
    expect(await server.client().exists(key('a', ':queue'))).toBe(0);

    const closing = one.app.close();
    await lock.release();
    await closing;
    expect(lock.signal.aborted).toBe(false);
    expect(await ownerOf('a')).toBe('');
  });

  it('gives back what is granted meanwhile', async () => {
    const one = await startLocks(proxy.url, namespace);
    await (await one.locks.acquire('warm')).release();
    proxy.delay(300, 'replies');
    const acquiring = one.locks.acquire('a');
    acquiring.catch(() => undefined);
    const closing = one.locks.close(10_000);
    await expect(acquiring).rejects.toMatchObject({ code: 'LOCK_ABORTED' });
    await closing;
    await eventually(async () => expect(await ownerOf('a')).toBe(''));
    expect(one.locks.process.watchdog.size).toBe(0);
    await one.app.close();
  });

  it('tells holders that do not finish', async () => {
    const one = await startLocks(server.url, namespace);
    const lock = await one.locks.acquire('a');
    await one.app.close();
    expect((lock.signal.reason as LockLostError).reason).toBe('shutdown');
    // It may still be writing: its lease has to run out.
    expect(await ownerOf('a')).not.toBe('');
  });
});

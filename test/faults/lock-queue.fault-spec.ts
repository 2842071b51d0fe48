import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Lock, LockCallOptions, LockService, LocksOptions } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { LateLink } from '../support/late-link.js';
import { startLocks, type LockProcessUnderTest } from '../support/lock-processes.js';

let server: RedisServer;
let namespace: string;
const processes: LockProcessUnderTest[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(() => server.stop());

beforeEach(() => {
  namespace = isolatedNamespace();
});

afterEach(async () => {
  await Promise.all(processes.splice(0).map(({ app }) => app.close()));
});

const start = async (options: LocksOptions = {}, url = server.url) => {
  const started = await startLocks(url, namespace, { wait: '1m', ...options });
  processes.push(started);
  return started;
};
const key = (name: string, part = '') => `${namespace}:v1:lock:{${name}}${part}`;
const ownerOf = async (name: string): Promise<string> =>
  String(await server.client().get(key(name))).split('|')[0]!;

/** No sign of life, and no claim that runs out, while a test runs. */
const SILENT = { heartbeat: '1m', claim: '5m' } as const;

/** A request of a process that is not there: nobody hears its messages, and it never asks again. */
const absent = (n: number) => `absent~${n}~0`;
const asWaiter = (n: number) => ({
  id: absent(n),
  leaseMs: 30_000,
  waits: true,
  ticket: undefined,
});

describe('a queue', () => {
  it('of which the server loses the processes, or itself, keeps its order', async () => {
    const [one, two, three] = [
      await start({ heartbeat: '100ms', claim: '5s' }),
      await start({ heartbeat: '100ms', claim: '5s' }),
      await start({ heartbeat: '100ms', claim: '5s' }),
    ];
    const lock = await one.locks.acquire('a');
    const order: string[] = [];
    const wait = async ({ locks, queued }: LockProcessUnderTest, name: string) => {
      const isQueued = queued();
      const done = locks.withLock('a', () => order.push(name));
      await isQueued;
      return { done };
    };
    const first = await wait(two, 'first');
    await server.client().del(key('a', ':processes'));
    await server.client().del(key('a', ':queue'));
    const second = await wait(three, 'second');
    await eventually(async () => expect(await server.client().zcard(key('a', ':queue'))).toBe(2));
    await lock.release();
    await Promise.all([first.done, second.done]);
    expect(order).toEqual(['first', 'second']);
  });

  it('is given its turn by whoever asks, although the one at its head does not', async () => {
    const one = await start();
    const { store } = one;
    await one.locks.acquire('a', { lease: 200, renew: false });
    await store.acquire('a', asWaiter(1));
    // Only ran out, with nobody there to notice.
    await eventually(async () => {
      const [, , expiry] = String(await server.client().get(key('a'))).split('|');
      const [seconds] = await server.client().time();
      return Number(seconds) * 1_000 > Number(expiry);
    });
    expect(await one.locks.tryAcquire('a')).toBeNull();
    expect(await ownerOf('a')).toBe(absent(1));
  });

  it('loses nobody when the server was away for longer than all of them say they live', async () => {
    const { store, locks } = await start();
    const lock = await locks.acquire('a');
    await store.acquire('a', asWaiter(1));
    await store.acquire('a', asWaiter(2));
    await server.client().hset(key('a', ':processes'), 'absent', '1');
    await lock.release();
    expect(await ownerOf('a')).toBe(absent(1));
    expect(await server.client().zrange(key('a', ':queue'), '0', '-1')).toEqual([absent(2)]);
  });

  it('passes over waiters whose process is gone, at once', async () => {
    const options = { claim: '4m' } as const;
    const [one, two] = [await start(options), await start(options)];
    // One who cannot be woken would not be passed over.
    await one.locks.process.channel.ready();
    const lock = await one.locks.acquire('a');
    for (const n of [1, 2, 3]) await one.store.acquire('a', asWaiter(n));
    const queued = two.queued();
    const waiting = two.locks.acquire('a');
    await queued;
    await lock.release();
    const next = await waiting;
    expect(await server.client().exists(key('a', ':queue'))).toBe(0);
    await next.release();
  });

  it('gives back the old place to who had to queue again, and tells it which that was', async () => {
    const { store, locks } = await start();
    await locks.acquire('a');
    const first = await store.acquire('a', asWaiter(1));
    await store.acquire('a', asWaiter(2));
    if (first.outcome !== 'queued') throw new Error('it is held');
    expect(await store.acquire('a', asWaiter(1))).toMatchObject({ ticket: first.ticket });
    await store.release('a', absent(1), false);
    await store.acquire('a', { ...asWaiter(3), ticket: first.ticket });
    expect(await server.client().zrange(key('a', ':queue'), '0', '-1')).toEqual([
      absent(3),
      absent(2),
    ]);
  });

  it('expires, and nobody makes it expire sooner', async () => {
    const options = { heartbeat: '50ms', claim: '5s' } as const;
    const [one, two] = [await start({ heartbeat: '1m', claim: '5m' }), await start(options)];
    await one.locks.acquire('a', { renew: false });
    for (const { locks, queued } of [one, two]) {
      const isQueued = queued();
      locks.acquire('a').catch(() => undefined);
      await isQueued;
    }
    for (const part of [':queue', ':processes']) {
      expect(await server.client().pttl(key('a', part))).toBeGreaterThan(500_000);
    }
  });

  it('moves on when a waiter gives up in the moment it is granted', async () => {
    const [one, two] = [await start(), await start()];
    for (let round = 0; round < 20; round++) {
      const lock = await one.locks.acquire('a');
      const abort = new AbortController();
      const queued = two.queued();
      const waiting = two.locks.acquire('a', { signal: abort.signal });
      await queued;
      const released = lock.release();
      if (round % 2 === 0) await released;
      abort.abort();
      const won = await waiting.catch(() => undefined);
      await won?.release();
      await released;
    }
    await (await one.locks.acquire('a')).release();
    await eventually(() => expect(two.locks.process.background.size).toBe(0));
    expect(two.locks.process.waiters.size).toBe(0);
  });
});

describe('a waiter', () => {
  type Acquire = (locks: LockService, options?: LockCallOptions) => Promise<Lock>;
  const kinds: [string, Acquire][] = [
    ['lock', (locks, options) => locks.acquire('a', options)],
    ['semaphore', (locks, options) => locks.semaphore('a', { permits: 1 }).acquire(options)],
  ];

  it.each(kinds)(
    'of a %s that gave up gives back what it is still granted',
    async (kind, acquire) => {
      const [one, two] = [await start(SILENT), await start(SILENT)];
      const queue = `${namespace}:v1:${kind}:{a}:queue`;
      const lock = await acquire(one.locks);
      const abort = new AbortController();
      const wasQueued = two.queued();
      const givenUp = acquire(two.locks, { signal: abort.signal });
      await wasQueued;
      const [ghost] = await server.client().zrange(queue, '0', '-1');
      abort.abort();
      await expect(givenUp).rejects.toMatchObject({ code: 'LOCK_ABORTED' });
      await eventually(() => expect(two.locks.process.background.size).toBe(0));
      // As on a new master that had not heard of the end of the wait.
      await server.client().zadd(queue, 1, ghost!);
      const isQueued = two.queued();
      const waiting = acquire(two.locks, { wait: '20s' });
      await isQueued;
      await lock.release();
      expect(await (await waiting).release()).toBe(true);
      expect(two.locks.process.watchdog.size).toBe(0);
    },
  );

  it('whose sign of life was lost is not taken for dead', async () => {
    const [one, two, three] = [await start(SILENT), await start(SILENT), await start(SILENT)];
    const lock = await one.locks.acquire('a');
    const order: string[] = [];
    const waiting: Promise<unknown>[] = [];
    for (const [name, { locks, queued }] of Object.entries({ two, three })) {
      const isQueued = queued();
      waiting.push(locks.withLock('a', () => order.push(name)));
      await isQueued;
    }
    await server.client().hdel(key('a', ':processes'), two.locks.process.id);
    await lock.release();
    await Promise.all(waiting);
    expect(order).toEqual(['two', 'three']);
  });

  it('does not begin by a late message about its former turn', async () => {
    const options = { heartbeat: '100ms', claim: '5s' } as const;
    const [one, two] = [await start(options), await start(options)];
    const { process } = two.locks;
    const lock = await one.locks.acquire('a');
    const isQueued = two.queued();
    const waiting = two.locks.acquire('a');
    await isQueued;
    const head = async () => (await server.client().zrange(key('a', ':queue'), '0', '-1'))[0];
    const former = await head();
    await server.client().del(key('a', ':queue'));
    await eventually(async () => {
      const now = await head();
      return now !== undefined && now !== former;
    });
    process.granted({ id: former!, fence: lock.fence + 1, claimMs: 60_000 });
    expect(process.watchdog.size).toBe(0);
    await lock.release();
    expect(await (await waiting).release()).toBe(true);
  });

  it('confirms a turn of which little is left', async () => {
    const [one, two] = [await start(SILENT), await start(SILENT)];
    const { process } = two.locks;
    const lock = await one.locks.acquire('a');
    const isQueued = two.queued();
    const waiting = two.locks.acquire('a');
    await isQueued;
    const [waiter] = process.waiters.values();
    waiter!.waitingSince = performance.now() - 800;
    process.granted({ id: waiter!.id, fence: lock.fence + 1, claimMs: 1_000 });
    expect(process.watchdog.size).toBe(0);
    await lock.release();
    expect(await (await waiting).release()).toBe(true);
  });
});

describe('a lease', () => {
  it('is made shorter by nobody', async () => {
    const { store } = await start();
    const [name, id] = ['a', absent(1)];
    await store.take(name, id, 30_000);
    for (const leaseMs of [3_600_000, 1_000]) {
      expect(await store.renew([{ name, id, leaseMs }])).toEqual(['renewed']);
    }
    const again = await store.acquire(name, { ...asWaiter(1), leaseMs: 1_000 });
    expect(again.outcome).toBe('granted');
    expect((await store.touch(name, [id])).leaseLeftMs).toBeGreaterThan(3_500_000);
  });
});

describe('a clock that goes back, as in a failover', () => {
  it('does not take the fences with it', async () => {
    const { store, locks } = await start();
    const ahead = (Date.now() + 3_600_000) * 1_000;
    await server.client().set(key('a'), `|${ahead}|0|0|`, 'PX', 60_000);
    const lock = await locks.acquire('a');
    expect(lock.fence).toBe(ahead + 1);
    await store.acquire('a', asWaiter(1));
    await lock.release();
    const [owner, fence] = String(await server.client().get(key('a'))).split('|');
    expect([owner, Number(fence)]).toEqual([absent(1), ahead + 2]);
  });
});

describe('a request that arrives late', () => {
  it('is refused when it was taken back before, whichever script it is', async () => {
    const { store } = await start();
    await store.release('a', absent(1), true);
    expect(await store.take('a', absent(1), 30_000)).toBeUndefined();
    expect(await store.acquire('a', asWaiter(1))).toEqual({ outcome: 'cancelled' });
    expect(await ownerOf('a')).toBe('');
    const ttl = await server.client().pttl(key('a', ':cancelled'));
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(60_000);
    expect(await store.acquire('a', asWaiter(2))).toMatchObject({ outcome: 'granted' });
  });

  it('over an old link, after its caller gave up, holds nothing', async () => {
    const link = await LateLink.start(server);
    try {
      const one = await start({}, link.url);
      await (await one.locks.acquire('warm')).release();
      link.hold();
      await expect(one.locks.acquire('a', { wait: 300 })).rejects.toThrow('Redis did not answer');
      // By a new link.
      await eventually(() => expect(one.locks.process.background.size).toBe(0));
      await link.letGo();
      expect(await ownerOf('a')).toBe('');
      const two = await start();
      expect(await two.locks.tryAcquire('a')).not.toBeNull();
    } finally {
      await link.stop();
    }
  });

  it('over an old link, after its caller gave up, waits for nothing', async () => {
    const link = await LateLink.start(server);
    try {
      const [one, two] = [await start({ heartbeat: '1m', claim: '5m' }, link.url), await start()];
      const lock = await two.locks.acquire('a');
      const queued = one.queued();
      const waiting = one.locks.acquire('a');
      await queued;
      link.hold();
      // Somebody waits here already, so this one queues at once.
      const givenUp = one.locks.acquire('a', { wait: 300 });
      await expect(givenUp).rejects.toThrow('Redis did not answer');
      await eventually(() => expect(one.locks.process.background.size).toBe(0));
      await link.letGo();
      expect(await server.client().zcard(key('a', ':queue'))).toBe(1);
      await lock.release();
      await (await waiting).release();
      expect(await ownerOf('a')).toBe('');
    } finally {
      await link.stop();
    }
  });

  it('changes nothing when it gives back what others hold', async () => {
    const { store, locks } = await start();
    await store.take('a', absent(1), 1_000);
    await store.handBack('a', absent(1), 1);
    const lock = await locks.acquire('a');
    expect(await store.release('a', absent(1), false)).toBe(false);
    expect(await store.handBack('a', absent(1), 1)).toBe(false);
    expect(await store.renew([{ name: 'a', id: absent(1), leaseMs: 1 }])).toEqual(['stolen']);
    lock.check();
    expect(await lock.release()).toBe(true);
  });
});

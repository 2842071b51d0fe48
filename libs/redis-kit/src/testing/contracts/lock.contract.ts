import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import {
  LockAbortedError,
  LockLostError,
  LockNotHeldError,
  LockTimeoutError,
} from '../../lock/lock.errors.js';
import type { LocksOptions } from '../../lock/lock.options.js';
import type { LockService } from '../../lock/lock.service.js';
import { ConfigurationError } from '../../core/redis-kit.error.js';
import { eventually } from '../rig/eventually.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

export interface LockSubject extends ContractSubject {
  /** Two services that share their locks, as two processes do. */
  readonly locks: readonly [LockService, LockService];
}

/** Long enough for a busy machine to answer in, short enough to be waited for. */
const SHORT_LEASE = '1500ms';
const PATIENT = { wait: '1m' } as const;

const someName = (): string => `lock ${randomUUID()}`;

/** Resolves when somebody of this process has queued. */
const queues = ({ process }: LockService): Promise<void> =>
  new Promise((resolve) => {
    const stop = process.events.on('lock.queued', () => {
      stop();
      resolve();
    });
  });

const ranOut = (error: unknown): boolean => error instanceof LockTimeoutError;

/** Options of the services that the contract is tried on. */
export const LOCK_CONTRACT_OPTIONS = { lease: '1m', wait: '1m' } as const satisfies LocksOptions;

/**
 * What any lock service must do. The given function makes two services that share their locks, or gives the same ones
 * again: each case has locks of its own.
 */
export function lockContract(create: () => Promise<LockSubject>): readonly ContractCase[] {
  return casesOf(create, {
    'gives a lock to one at a time': async ({ locks: [one, two] }) => {
      const name = someName();
      const lock = await one.acquire(name);
      assert.equal(lock.name, name);
      assert.ok(lock.remaining() > 30_000 && lock.remaining() < 60_000);
      assert.equal(await two.tryAcquire(name), null);
      // To open a link may take longer than the wait.
      await two.process.channel.ready();
      await assert.rejects(two.acquire(name, { wait: 500 }), (error) => {
        assert.ok(error instanceof LockTimeoutError);
        assert.equal(error.lock, name);
        assert.ok(error.waitedMs >= 499);
        assert.ok((error.holderAgeMs ?? -1) >= 0);
        return true;
      });
      assert.equal(await lock.release(), true);
      const next = await two.tryAcquire(name);
      assert.ok(next);
      assert.equal(await next.release(), true);
    },

    'gives every holder a greater fence': async ({ locks: [one, two] }) => {
      const name = someName();
      const fences: number[] = [];
      for (let i = 0; i < 20; i++) {
        const lock = await (i % 2 === 0 ? one : two).acquire(name);
        fences.push(lock.fence);
        await lock.release();
      }
      const rising = [...new Set(fences)].sort((a, b) => a - b);
      assert.deepEqual(fences, rising);
      assert.ok(fences.every((fence) => Number.isSafeInteger(fence) && fence > 0));
    },

    'hands it on in the order of the queue': async ({ locks }) => {
      const name = someName();
      const first = await locks[0].acquire(name);
      const order: number[] = [];
      const waiters: Promise<unknown>[] = [];
      for (let i = 0; i < 12; i++) {
        const service = locks[i % 2]!;
        const queued = queues(service);
        const waiting = service.acquire(name, PATIENT).then((lock) => {
          order.push(i);
          return lock.release();
        });
        waiters.push(waiting);
        await queued;
      }
      await first.release();
      await Promise.all(waiters);
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      );
      assert.equal(order.length, 12);
    },

    'lets nobody pass who does not wait': async ({ locks: [one, two] }) => {
      const name = someName();
      const first = await one.acquire(name);
      const queued = queues(two);
      const waiting = two.acquire(name, PATIENT);
      await queued;
      const [, barger] = await Promise.all([first.release(), one.tryAcquire(name)]);
      assert.equal(barger, null);
      await (await waiting).release();
    },

    'ends a wait by its signal, and leaves the queue': async ({ locks: [one, two] }) => {
      const name = someName();
      const lock = await one.acquire(name);
      const abort = new AbortController();
      const queued = queues(two);
      const waiting = two.acquire(name, { ...PATIENT, signal: abort.signal });
      await queued;
      abort.abort(new Error('enough'));
      await assert.rejects(waiting, (error) => {
        assert.ok(error instanceof LockAbortedError);
        assert.equal((error.cause as Error).message, 'enough');
        return true;
      });
      await assert.rejects(two.acquire(name, { signal: abort.signal }), LockAbortedError);
      await lock.release();
      await (await two.acquire(name)).release();
    },

    'leaves no listener at a signal, however a wait ends': async ({ locks: [one, two] }) => {
      const name = someName();
      const abort = new AbortController();
      const { signal } = abort;
      const listeners = () => getEventListeners(signal, 'abort').length;
      const lock = await one.acquire(name);
      await assert.rejects(two.acquire(name, { wait: 20, signal }), ranOut);
      assert.equal(listeners(), 0);
      let queued = queues(two);
      const winning = two.acquire(name, { ...PATIENT, signal });
      await queued;
      assert.equal(listeners(), 1);
      await lock.release();
      const next = await winning;
      assert.equal(listeners(), 0);
      queued = queues(one);
      const aborted = one.acquire(name, { ...PATIENT, signal });
      await queued;
      abort.abort();
      await assert.rejects(aborted, LockAbortedError);
      assert.equal(listeners(), 0);
      assert.equal(await next.release(), true);
    },

    'renews a lease for as long as it is held': async ({ locks: [one, two] }) => {
      const name = someName();
      const lock = await one.acquire(name, { lease: SHORT_LEASE });
      const acquiredAt = performance.now();
      await assert.rejects(two.acquire(name, { wait: 2_500 }), ranOut);
      assert.ok(performance.now() - acquiredAt > 2_400);
      lock.check();
      assert.equal(lock.signal.aborted, false);
      assert.equal(await lock.release(), true);
    },

    'ends a lease that is not renewed, and says so': async ({ locks: [one, two] }) => {
      const name = someName();
      const lock = await one.acquire(name, { lease: SHORT_LEASE, renew: false });
      const next = await two.acquire(name, PATIENT);
      assert.equal(lock.remaining(), 0);
      assert.throws(() => lock.check(), LockLostError);
      assert.equal(lock.signal.aborted, true);
      assert.equal((lock.signal.reason as LockLostError).reason, 'expired');
      assert.ok(next.fence > lock.fence);
      assert.equal(await lock.release(), false);
      next.check();
      assert.equal(await next.release(), true);
    },

    'takes what was held too long from its holder': async ({ locks: [one, two] }) => {
      const name = someName();
      const lock = await one.acquire(name, { lease: SHORT_LEASE, maxHold: '2s' });
      await eventually(() => lock.signal.aborted);
      assert.equal((lock.signal.reason as LockLostError).reason, 'max-hold');
      await (await two.acquire(name, PATIENT)).release();
      assert.equal(await lock.release(), false);
    },

    'extends a lease, and no renewal makes it shorter': async ({ locks: [one] }) => {
      const lock = await one.acquire(someName(), { lease: SHORT_LEASE });
      await lock.extend('10m');
      assert.ok(lock.remaining() > 500_000);
      await lock.extend('1s');
      assert.ok(lock.remaining() > 500_000);
      await lock.release();
      assert.throws(() => lock.check(), LockNotHeldError);
      await assert.rejects(lock.extend('1s'), LockNotHeldError);
      assert.equal(lock.remaining(), 0);
    },

    'releases once, however often it is asked to': async ({ locks: [one, two] }) => {
      const name = someName();
      const lock = await one.acquire(name);
      await Promise.all([lock.release(), lock.release()]);
      const next = await two.acquire(name);
      await lock.release();
      assert.equal(await one.tryAcquire(name), null);
      assert.equal(await next.release(), true);
    },

    'gives back what is disposed of': async ({ locks: [one, two] }) => {
      const names = [someName(), someName()];
      for (const target of [names[0]!, names]) {
        const held = await one.acquire(target);
        await assert.rejects(two.acquire(target, { wait: 0 }), ranOut);
        await held[Symbol.asyncDispose]();
        const next = await two.acquire(target, { wait: 0 });
        assert.equal(await next.release(), true);
      }
    },

    'keeps a lock that ran out from others for its delay': async ({ locks: [one, two] }) => {
      const name = someName();
      const startedAt = performance.now();
      await one.acquire(name, { lease: 200, renew: false, lockDelay: '1s' });
      const next = await two.acquire(name, PATIENT);
      assert.ok(performance.now() - startedAt >= 1_195);
      await next.release();
      const released = await one.acquire(name, { lockDelay: '1m' });
      await released.release();
      await (await two.acquire(name, { wait: '30s' })).release();
    },

    'is acquired again only through the handle': async ({ locks: [one] }) => {
      const name = someName();
      const outer = await one.acquire(name);
      await assert.rejects(one.acquire(name, { wait: 20 }), ranOut);
      const inner = await one.acquire(name, { within: outer });
      assert.equal(inner.fence, outer.fence);
      assert.equal(await outer.release(), true);
      inner.check();
      assert.equal(await one.tryAcquire(name), null);
      assert.equal(await inner.release(), true);
      await (await one.acquire(name, { wait: 0 })).release();
    },

    'runs work under a lock, and gives it back whatever happens': async ({ locks: [one, two] }) => {
      const name = someName();
      const value = await one.withLock(name, async (lock) => {
        assert.equal(await two.tryAcquire(name), null);
        return lock.fence;
      });
      assert.ok(value > 0);
      const failing = one.withLock(name, { lease: '5s' }, () => Promise.reject(new Error('work')));
      await assert.rejects(failing, /^Error: work$/);
      const nested = one.withLock(name, () => one.withLock(name, { wait: 20 }, () => 'inner'));
      await assert.rejects(nested, /holds it further up/);
      await (await two.acquire(name, { wait: 0 })).release();
    },

    'does not pass off work as done under a lock that was lost': async ({ locks: [one, two] }) => {
      const name = someName();
      const late = one.withLock(name, { lease: 200, renew: false }, async () => {
        await (await two.acquire(name, PATIENT)).release();
        return 'late';
      });
      await assert.rejects(late, LockLostError);
    },

    'holds several locks as one, without deadlock': async ({ locks: [one, two] }) => {
      const [a, b, c] = [someName(), someName(), someName()];
      let inside = 0;
      let most = 0;
      const work = async () => {
        most = Math.max(most, ++inside);
        await Promise.resolve();
        inside -= 1;
      };
      const rounds = Array.from({ length: 10 }, (_, i) =>
        (i % 2 ? one : two).withLock(i % 2 ? [a, b, c] : [c, b], PATIENT, work),
      );
      await Promise.all(rounds);
      assert.equal(most, 1);
      const set = await one.acquire([c, a, a]);
      assert.deepEqual([...set.fences.keys()].sort(), [a, c].sort());
      assert.equal(await two.tryAcquire([a, b]), null);
      // What it had got already, it gave back.
      await (await two.acquire(b, { wait: 0 })).release();
      set.check();
      assert.ok(set.remaining() > 0 && !set.signal.aborted);
      assert.equal(await set.release(), true);
    },

    'refuses what is no name and no option': async ({ locks: [one] }) => {
      for (const name of ['', [], ['a', ''], 7] as never[]) {
        await assert.rejects(one.acquire(name), ConfigurationError);
      }
      const wrong = [{ lease: 1 }, { wait: -1 }, { minReplicas: 0.5 }, { lockDelay: 'x' }];
      for (const options of [...wrong, { maxHold: 0 }, { renew: 1 }, { signal: {} }]) {
        await assert.rejects(one.acquire(someName(), options as never), ConfigurationError);
      }
    },
  });
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ConfigurationError } from '../../core/redis-kit.error.js';
import { LockAbortedError, LockLostError, LockTimeoutError } from '../../lock/lock.errors.js';
import type { Lock } from '../../lock/lock.js';
import type { LockService } from '../../lock/lock.service.js';
import { PermitsExceededError } from '../../lock/permit.errors.js';
import { eventually } from '../rig/eventually.js';
import { casesOf, type ContractCase } from './contract.js';
import type { LockSubject } from './lock.contract.js';

const someName = (): string => `semaphore ${randomUUID()}`;
/** What was got by trying is given back before the next try. */
export async function assertTaken(attempt: Promise<Lock | null>): Promise<void> {
  const lock = await attempt;
  await lock?.release();
  assert.equal(lock, null);
}
const nobodyHas = (lock: Lock | null): void => assert.equal(lock, null);

/** What any semaphore must do. The given function makes two services that share their semaphores, or gives the same ones again. */
export function semaphoreContract(create: () => Promise<LockSubject>): readonly ContractCase[] {
  const pair = (locks: LockSubject['locks'], permits: number) => {
    const name = someName();
    return locks.map((service) => service.semaphore(name, { permits })) as [
      ReturnType<LockService['semaphore']>,
      ReturnType<LockService['semaphore']>,
    ];
  };
  return casesOf(create, {
    'gives out as many permits as there are': async ({ locks }) => {
      const [one, two] = pair(locks, 3);
      assert.equal(await one.available(), 3);
      const held = [await one.acquire(), await two.acquire({ permits: 2 })];
      assert.equal(await two.available(), 0);
      nobodyHas(await one.tryAcquire());
      await assert.rejects(two.acquire({ wait: 50 }), LockTimeoutError);
      for (const permit of held) assert.equal(await permit.release(), true);
      assert.equal(await one.available(), 3);
      assert.equal(await held[0]!.release(), true);
      assert.equal(await one.available(), 3);
    },

    'gives every holder a fence of its own, greater than those before': async ({ locks }) => {
      const [one, two] = pair(locks, 2);
      const fences: number[] = [];
      for (let i = 0; i < 10; i++) {
        const permits = [await one.acquire(), await two.acquire()];
        fences.push(...permits.map(({ fence }) => fence));
        await Promise.all(permits.map((permit) => permit.release()));
      }
      assert.deepEqual(
        fences,
        [...new Set(fences)].sort((a, b) => a - b),
      );
    },

    'serves who waits in the order of the queue, heavy ones too': async ({ locks }) => {
      const [one, two] = pair(locks, 3);
      const first = await one.acquire({ permits: 3 });
      const waiting: Promise<number>[] = [];
      for (const [i, permits] of [1, 3, 1, 2, 3].entries()) {
        const semaphore = i % 2 ? two : one;
        waiting.push(semaphore.with({ permits }, ({ fence }) => fence));
        // Queued behind it: whoever cannot wait is refused, and its request comes after on the same connection.
        nobodyHas(await semaphore.tryAcquire());
      }
      await first.release();
      const fences = await Promise.all(waiting);
      assert.deepEqual(
        fences,
        [...fences].sort((a, b) => a - b),
      );
      assert.equal(await one.available(), 3);
    },

    'does not let lighter ones pass a heavy one': async ({ locks }) => {
      const [one, two] = pair(locks, 2);
      const first = await one.acquire();
      const heavy = two.acquire({ permits: 2 });
      await eventually(() => assertTaken(two.tryAcquire()));
      nobodyHas(await one.tryAcquire());
      await first.release();
      await (await heavy).release();
      assert.equal(await one.available(), 2);
    },

    'serves who comes after a heavy one that gave up': async ({ locks }) => {
      const [one, two] = pair(locks, 2);
      const first = await one.acquire();
      const abort = new AbortController();
      const heavy = two.acquire({ permits: 2, signal: abort.signal });
      await eventually(() => assertTaken(one.tryAcquire()));
      const light = one.acquire();
      abort.abort();
      await assert.rejects(heavy, LockAbortedError);
      await (await light).release();
      await first.release();
    },

    'is resized for everybody': async ({ locks }) => {
      const [one, two] = pair(locks, 1);
      const first = await one.acquire();
      const waiting = two.acquire({ permits: 1 });
      await two.resize(3);
      const second = await waiting;
      const third = await one.acquire();
      assert.equal(await one.available(), 0);
      await one.resize(2);
      assert.equal(await two.available(), -1);
      await third.release();
      nobodyHas(await two.tryAcquire());
      await second.release();
      await two.resize(null);
      nobodyHas(await one.tryAcquire());
      await first.release();
      assert.equal(await one.available(), 1);
    },

    'refuses more permits than there are, also those that wait when it shrinks': async ({
      locks,
    }) => {
      const [one, two] = pair(locks, 3);
      await assert.rejects(one.acquire({ permits: 4 }), (error) => {
        assert.ok(error instanceof PermitsExceededError);
        assert.deepEqual([error.asked, error.permits, error.semaphore], [4, 3, one.name]);
        return true;
      });
      await assert.rejects(one.tryAcquire({ permits: 4 }), PermitsExceededError);
      const first = await one.acquire();
      const heavy = two.acquire({ permits: 3 });
      const refused = assert.rejects(heavy, PermitsExceededError);
      await eventually(() => assertTaken(one.tryAcquire()));
      await one.resize(2);
      await refused;
      await (await one.acquire()).release();
      await first.release();
    },

    'renews leases, and lets those end that are not renewed': async ({ locks }) => {
      const [one, two] = pair(locks, 2);
      const renewed = await one.acquire({ lease: '1500ms' });
      const ending = await one.acquire({ lease: '1500ms', renew: false });
      const next = await two.acquire();
      assert.equal(ending.remaining(), 0);
      assert.throws(() => ending.check(), LockLostError);
      assert.equal(await ending.release(), false);
      renewed.check();
      nobodyHas(await two.tryAcquire());
      assert.equal(await renewed.release(), true);
      assert.equal(await next.release(), true);
    },

    'extends a lease': async ({ locks }) => {
      const [one] = pair(locks, 2);
      const permit = await one.acquire({ lease: '2s' });
      await permit.extend('10m');
      assert.ok(permit.remaining() > 500_000);
      await permit.release();
    },

    'runs work while it holds': async ({ locks }) => {
      const [one, two] = pair(locks, 2);
      let inside = 0;
      let most = 0;
      const work = async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        return 'done';
      };
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, i) => (i % 2 ? one : two).with({}, work)),
      );
      assert.deepEqual(new Set(results), new Set(['done']));
      assert.ok(most <= 2);
      await assert.rejects(
        one.with({}, () => Promise.reject(new Error('work'))),
        /^Error: work$/,
      );
      assert.equal(await two.available(), 2);
    },

    'refuses what is no number of permits': async ({ locks: [service] }) => {
      for (const permits of [0, -1, 1.5, 100_001, '1', null] as never[]) {
        assert.throws(() => service.semaphore('s', { permits }), ConfigurationError);
        const semaphore = service.semaphore('s', { permits: 1 });
        if (permits !== null) await assert.rejects(semaphore.resize(permits), ConfigurationError);
        await assert.rejects(semaphore.acquire({ permits }), ConfigurationError);
      }
    },
  });
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { deferred } from '../../core/deferred.js';
import { ConfigurationError } from '../../core/redis-kit.error.js';
import { LockAbortedError, LockNotHeldError, LockTimeoutError } from '../../lock/lock.errors.js';
import { LatchTimeoutError, LockSharedError, LockUpgradeError } from '../../lock/permit.errors.js';
import { eventually } from '../rig/eventually.js';
import { casesOf, type ContractCase } from './contract.js';
import type { LockSubject } from './lock.contract.js';
import { assertTaken } from './semaphore.contract.js';

const someName = (): string => `shared ${randomUUID()}`;

/**
 * What read/write locks, elections and latches must do. The given function makes two services that share what they
 * keep, or gives the same ones again.
 */
export function coordinationContract(create: () => Promise<LockSubject>): readonly ContractCase[] {
  return casesOf(create, {
    'a read/write lock is held by many readers or by one writer': async ({ locks }) => {
      const name = someName();
      const [one, two] = locks.map((service) => service.readWriteLock(name));
      const readers = [await one!.read(), await two!.read(), await one!.read()];
      assert.equal(await two!.tryWrite(), null);
      await Promise.all(readers.map((reader) => reader.release()));
      const writer = await two!.write();
      assert.ok(readers.every(({ fence }) => fence < writer.fence));
      assert.equal(await one!.tryRead(), null);
      assert.equal(await one!.tryWrite(), null);
      await assert.rejects(one!.read({ wait: 50 }), LockTimeoutError);
      assert.equal(await writer.release(), true);
      await (await one!.read()).release();
    },

    'a writer is not passed by readers that came after it': async ({ locks }) => {
      const name = someName();
      const [one, two] = locks.map((service) => service.readWriteLock(name));
      const reader = await one!.read();
      const order: string[] = [];
      const writing = two!.write().then((lock) => (order.push('writer'), lock.release()));
      await eventually(() => assertTaken(one!.tryRead()));
      const reading = one!.read().then((lock) => (order.push('reader'), lock.release()));
      await reader.release();
      await Promise.all([writing, reading]);
      assert.deepEqual(order, ['writer', 'reader']);
    },

    'a writer becomes a reader without letting another writer in': async ({ locks }) => {
      const name = someName();
      const [one, two] = locks.map((service) => service.readWriteLock(name));
      const writer = await one!.write();
      const waiting = two!.read();
      const reader = await writer.downgrade();
      assert.equal(reader.fence, writer.fence);
      assert.throws(() => writer.check(), LockNotHeldError);
      const other = await waiting;
      assert.equal(await two!.tryWrite(), null);
      await writer.release();
      assert.equal(await two!.tryWrite(), null);
      reader.check();
      assert.equal(await reader.release(), true);
      await other.release();
      await (await two!.write()).release();
      await assert.rejects(writer.downgrade(), LockNotHeldError);
    },

    'a write lock of which there are other handles is not downgraded': async ({
      locks: [one, two],
    }) => {
      const name = someName();
      const writer = await one.readWriteLock(name).write();
      const shared = writer.share();
      await assert.rejects(writer.downgrade(), (error) => {
        assert.ok(error instanceof LockSharedError);
        assert.equal(error.otherHandles, 1);
        return true;
      });
      // Nothing has happened to it.
      writer.check();
      assert.equal(await two.readWriteLock(name).tryRead(), null);
      await shared.release();
      const downgrading = writer.downgrade();
      await assert.rejects(writer.downgrade(), LockNotHeldError);
      assert.throws(() => writer.share(), LockNotHeldError);
      const reader = await downgrading;
      assert.equal(reader.fence, writer.fence);
      assert.equal(await reader.release(), true);
      await (await two.readWriteLock(name).write()).release();
    },

    'a lease that was downgraded is renewed': async ({ locks: [one, two] }) => {
      const name = someName();
      const writer = await one.readWriteLock(name).write({ lease: '1s' });
      const reader = await writer.downgrade();
      await assert.rejects(two.readWriteLock(name).write({ wait: 2_500 }), LockTimeoutError);
      reader.check();
      assert.equal(await reader.release(), true);
    },

    'a reader is refused to write at once': async ({ locks: [one, two] }) => {
      const lock = one.readWriteLock(someName());
      await lock.withRead({}, async (reader) => {
        await assert.rejects(lock.write(), LockUpgradeError);
        await assert.rejects(
          lock.withWrite({}, () => undefined),
          LockUpgradeError,
        );
        reader.check();
        const other = two.readWriteLock(someName());
        await other.withWrite({}, () => undefined);
      });
      assert.equal(await lock.withWrite({}, () => 'written'), 'written');
    },

    'a candidate leads, and the next one when it stops': async ({ locks: [one, two] }) => {
      const name = someName();
      const elected: { by: string; fence: number }[] = [];
      const finish = deferred<void>();
      const first = one.elect(name, {
        onElected: async ({ fence, signal }) => {
          elected.push({ by: 'first', fence });
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          await finish.promise;
        },
      });
      await eventually(() => first.isLeader);
      const second = two.elect(name, {
        onElected: ({ fence }) => elected.push({ by: 'second', fence }),
      });
      assert.equal(second.isLeader, false);
      assert.equal(second.signal, undefined);
      const stopped = first.stop();
      await new Promise((resolve) => setImmediate(resolve));
      // Its work has not ended.
      assert.equal(second.isLeader, false);
      finish.resolve();
      await stopped;
      assert.equal(first.isLeader, false);
      await eventually(() => second.isLeader);
      assert.deepEqual(
        elected.map(({ by }) => by),
        ['first', 'second'],
      );
      assert.ok(elected[0]!.fence < elected[1]!.fence);
      assert.equal(second.fence, elected[1]!.fence);
      await second.stop();
    },

    'a leader whose work fails resigns': async ({ locks: [one, two] }) => {
      const name = someName();
      const failing = one.elect(name, {
        onElected: () => {
          throw new Error('this one cannot lead');
        },
      });
      const other = two.elect(name);
      await eventually(() => other.isLeader);
      await Promise.all([failing.stop(), other.stop()]);
    },

    'a latch opens when all have counted down, each once': async ({ locks }) => {
      const name = someName();
      const [one, two] = locks.map((service) => service.latch(name, { count: 3 }));
      assert.equal(await one!.missing(), 3);
      const waiting = [one!.wait(), two!.wait()];
      assert.equal(await one!.countDown('part 1'), 2);
      assert.equal(await two!.countDown('part 1'), 2);
      assert.equal(await two!.countDown(), 1);
      await assert.rejects(one!.wait({ wait: 50 }), (error) => {
        assert.ok(error instanceof LatchTimeoutError);
        assert.equal(error.missing, 1);
        return true;
      });
      assert.equal(await one!.countDown(), 0);
      await Promise.all(waiting);
      await two!.wait({ wait: 0 });
      assert.equal(await one!.countDown(), 0);
    },

    'a wait for a latch ends by its signal': async ({ locks: [one] }) => {
      const latch = one.latch(someName(), { count: 1 });
      const abort = new AbortController();
      const waiting = latch.wait({ signal: abort.signal });
      abort.abort();
      await assert.rejects(waiting, LockAbortedError);
      await assert.rejects(latch.wait({ signal: abort.signal }), LockAbortedError);
    },

    'a latch is forgotten after its ttl': async ({ locks: [one] }) => {
      const latch = one.latch(someName(), { count: 1, ttl: '1s' });
      await latch.countDown();
      await eventually(async () => assert.equal(await latch.missing(), 1));
    },

    'a latch refuses what is no count, id or ttl': async ({ locks: [one] }) => {
      for (const count of [0, 1.5, '1', 100_001] as never[]) {
        assert.throws(() => one.latch('l', { count }), ConfigurationError);
      }
      assert.throws(() => one.latch('l', { count: 1, ttl: 1 }), ConfigurationError);
      await assert.rejects(one.latch('l', { count: 1 }).countDown(''), ConfigurationError);
    },
  });
}

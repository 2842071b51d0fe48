import assert from 'node:assert/strict';
import { eventually } from '../rig/eventually.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

/** What `@nestjs/throttler` asks of a storage. */
export interface CountingStorage {
  increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<{
    totalHits: number;
    timeToExpire: number;
    isBlocked: boolean;
    timeToBlockExpire: number;
  }>;
}

export interface ThrottlerStorageSubject extends ContractSubject {
  readonly storage: CountingStorage;
}

type Hit = Awaited<ReturnType<CountingStorage['increment']>>;

const HOUR = 3_600_000;
const SOON = 300;
/** Seconds that a case may take without anything being wrong. */
const SLACK = 60;

/** A record as it is expected, up to the time that has passed since. */
function assertHit(actual: Hit, expected: Hit): void {
  const { timeToExpire, timeToBlockExpire, ...facts } = actual;
  assert.deepEqual(facts, { totalHits: expected.totalHits, isBlocked: expected.isBlocked });
  for (const [seconds, most] of [
    [timeToExpire, expected.timeToExpire],
    [timeToBlockExpire, expected.timeToBlockExpire],
  ] as const) {
    assert.ok(Number.isInteger(seconds) && seconds <= most, `${seconds} s, expected ${most}`);
    assert.ok(seconds >= Math.max(0, most - SLACK), `${seconds} s, expected ${most}`);
  }
}

/** What every storage of hits must do, with and without a block. */
export const throttlerStorageContract = (
  create: () => Promise<ThrottlerStorageSubject>,
): ContractCase[] =>
  casesOf(create, {
    'counts hits up to the limit, and says when they expire': async ({ storage }) => {
      for (const totalHits of [1, 2, 3]) {
        assertHit(await storage.increment('a', HOUR, 3, HOUR, 'default'), {
          totalHits,
          timeToExpire: 3_600,
          isBlocked: false,
          timeToBlockExpire: 0,
        });
      }
    },

    'counts each key and each throttler for itself': async ({ storage }) => {
      const hit = async (key: string, throttler: string): Promise<number> =>
        (await storage.increment(key, HOUR, 9, 0, throttler)).totalHits;
      assert.deepEqual(
        [await hit('a', 'x'), await hit('b', 'x'), await hit('a', 'y'), await hit('a', 'x')],
        [1, 1, 1, 2],
      );
      // Where one ends and the other begins is not open to interpretation.
      assert.deepEqual([await hit('y:c', 'x'), await hit('c', 'x:y')], [1, 1]);
    },

    'without a block: refuses above the limit, and does not count what it refuses': async ({
      storage,
    }) => {
      await storage.increment('a', HOUR, 2, 0, 'default');
      await storage.increment('a', HOUR, 2, 0, 'default');
      for (let refused = 0; refused < 3; refused++) {
        assertHit(await storage.increment('a', HOUR, 2, 0, 'default'), {
          totalHits: 3,
          timeToExpire: 3_600,
          isBlocked: true,
          timeToBlockExpire: 3_600,
        });
      }
    },

    'without a block: lets one through for each hit that has expired, however often it was asked meanwhile':
      async ({ storage }) => {
        const startedAt = performance.now();
        await storage.increment('a', SOON, 2, 0, 'default');
        await storage.increment('a', HOUR, 2, 0, 'default');
        const next = await eventually(async () => {
          const record = await storage.increment('a', HOUR, 2, 0, 'default');
          assert.equal(record.isBlocked, false);
          return record;
        });
        assert.ok(performance.now() - startedAt >= SOON - 5);
        // The second hit of the beginning still counts.
        assert.equal(next.totalHits, 2);
        assert.equal((await storage.increment('a', HOUR, 2, 0, 'default')).isBlocked, true);
      },

    'with a block: refuses for as long as the block is, and counts nothing meanwhile': async ({
      storage,
    }) => {
      await storage.increment('a', HOUR, 1, 2 * HOUR, 'default');
      for (let refused = 0; refused < 3; refused++) {
        const record = await storage.increment('a', HOUR, 1, 2 * HOUR, 'default');
        assertHit(record, {
          totalHits: 2,
          timeToExpire: 7_200,
          isBlocked: true,
          timeToBlockExpire: 7_200,
        });
      }
    },

    'with a block that is shorter than ttl: the client starts anew after it': async ({
      storage,
    }) => {
      const hit = () => storage.increment('a', HOUR, 2, SOON, 'default');
      await hit();
      await hit();
      const startedAt = performance.now();
      assert.equal((await hit()).isBlocked, true);
      const first = await eventually(async () => {
        const record = await hit();
        assert.equal(record.isBlocked, false);
        return record;
      });
      assert.ok(performance.now() - startedAt >= SOON - 5);
      assert.equal(first.totalHits, 1);
      assertHit(await hit(), {
        totalHits: 2,
        timeToExpire: 3_600,
        isBlocked: false,
        timeToBlockExpire: 0,
      });
    },

    'refuses everybody at a limit of 0': async ({ storage }) => {
      for (const blockDuration of [0, HOUR]) {
        const record = await storage.increment(`b${blockDuration}`, HOUR, 0, blockDuration, 'x');
        assert.deepEqual([record.isBlocked, record.totalHits], [true, 1]);
        assertHit(record, { ...record, timeToExpire: 3_600, timeToBlockExpire: 3_600 });
      }
    },

    'lets exactly the limit through, however many come at once': async ({ storage }) => {
      for (const blockDuration of [0, HOUR]) {
        const hits = Array.from({ length: 300 }, () =>
          storage.increment(`b${blockDuration}`, HOUR, 100, blockDuration, 'x'),
        );
        const records = await Promise.all(hits);
        assert.equal(records.filter(({ isBlocked }) => !isBlocked).length, 100);
      }
    },

    'counts exactly above a limit of a thousand too': async ({ storage }) => {
      const hits = Array.from({ length: 1_300 }, () => storage.increment('a', HOUR, 1_200, 0, 'x'));
      const records = await Promise.all(hits);
      assert.equal(records.filter(({ isBlocked }) => !isBlocked).length, 1_200);
    },
  });

import assert from 'node:assert/strict';
import type { CounterService } from '../../counters/counter.service.js';
import { eventually } from '../rig/eventually.js';
import { ODD_KEYS, someKey } from './cache-store-steps.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

export interface CounterSubject extends ContractSubject {
  /** With a `maxNames` of 3. */
  readonly counters: CounterService;
}

const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code;
const HUGE = Number.MAX_SAFE_INTEGER;

/** What counters must do, wherever they are kept. */
export function counterContract(create: () => Promise<CounterSubject>): readonly ContractCase[] {
  return casesOf(create, {
    'counts up and down, below zero too, and answers the count': async ({ counters }) => {
      const name = someKey();
      assert.equal(await counters.get(name), 0);
      assert.equal(await counters.increment(name), 1);
      assert.equal(await counters.increment(name, 5), 6);
      assert.equal(await counters.increment(name, { by: -2 }), 4);
      assert.equal(await counters.decrement(name), 3);
      assert.equal(await counters.decrement(name, 10), -7);
      assert.equal(await counters.increment(name, -0), -7);
      assert.equal(await counters.get(name), -7);
    },

    'loses no count of many at once': async ({ counters }) => {
      const name = someKey();
      const sums = await Promise.all(Array.from({ length: 200 }, () => counters.increment(name)));
      assert.deepEqual(
        sums.sort((one, other) => one - other),
        Array.from({ length: 200 }, (_, at) => at + 1),
      );
    },

    'forgets a count that is reset, and says whether there was one': async ({ counters }) => {
      const name = someKey();
      assert.equal(await counters.reset(name), false);
      await counters.increment(name, 3);
      assert.equal(await counters.reset(name), true);
      assert.equal(await counters.get(name), 0);
    },

    'forgets a count when its time is over, counted from the last change': async ({ counters }) => {
      const name = someKey();
      await counters.increment(name, { ttl: '1s' });
      await eventually(async () => (await counters.get(name)) === 0, { within: 20_000 });
      const kept = someKey();
      await counters.increment(kept, { ttl: '1s' });
      await counters.increment(kept, { ttl: 'never' });
      await counters.increment(name, { ttl: '1s' });
      await eventually(async () => (await counters.get(name)) === 0, { within: 20_000 });
      assert.equal(await counters.get(kept), 2);
    },

    'refuses to leave the numbers that can be told apart, and keeps the count': async ({
      counters,
    }) => {
      const name = someKey();
      assert.equal(await counters.increment(name, HUGE), HUGE);
      await assert.rejects(counters.increment(name), hasCode('COUNTER_OVERFLOW'));
      assert.equal(await counters.get(name), HUGE);
      assert.equal(await counters.decrement(name, 1), HUGE - 1);
      const grouped = { group: someKey() };
      await counters.decrement(name, { by: HUGE, ...grouped });
      await assert.rejects(counters.decrement(name, grouped), hasCode('COUNTER_OVERFLOW'));
      assert.equal(await counters.get(name, grouped), -HUGE);
    },

    'refuses what cannot be counted with': async ({ counters }) => {
      const invalid = hasCode('COUNTER_ARGUMENT_INVALID');
      for (const by of [Number.NaN, Number.POSITIVE_INFINITY, 0.5, HUGE + 1]) {
        await assert.rejects(counters.increment('a', by), invalid);
      }
      for (const name of ['', '\ud800', 'x'.repeat(513), 7 as never]) {
        await assert.rejects(counters.increment(name), invalid);
        await assert.rejects(counters.stats([name]), invalid);
        await assert.rejects(counters.addUnique('a', name), invalid);
      }
      for (const window of ['999ms', '367d', 'year' as never, 0] as const) {
        await assert.rejects(counters.increment('a', { window }), invalid);
      }
      await assert.rejects(counters.get('a', { window: 'day', timeZone: 'Nowhere' }), invalid);
      await assert.rejects(counters.series('a', { window: '1m', count: 0 }), invalid);
      await assert.rejects(counters.increment('a', { ttl: 0 }), invalid);
      await assert.rejects(counters.increment('a', { keep: 1.5 }), invalid);
      assert.throws(() => counters.tally('', 1), invalid);
    },

    'tells names of any characters apart': async ({ counters }) => {
      const names = ODD_KEYS.filter(
        (name) => Buffer.byteLength(name) <= 400 && !/\p{Surrogate}/u.test(name),
      );
      const group = someKey();
      for (const [at, name] of names.entries()) await counters.increment(`${group}${name}`, at + 1);
      for (const [at, name] of names.entries()) {
        assert.equal(await counters.get(`${group}${name}`), at + 1, JSON.stringify(name));
      }
    },

    'keeps windows, groups and counts of all time apart': async ({ counters }) => {
      const name = someKey();
      await counters.increment(name, { by: 1 });
      await counters.increment(name, { by: 2, window: '30d' });
      await counters.increment(name, { by: 4, window: 'month' });
      await counters.increment(name, { by: 8, window: 'month', timeZone: 'Asia/Tokyo' });
      await counters.increment(name, { by: 16, group: name });
      await counters.increment(name, { by: 32, group: name, window: '30d' });
      const counts = await Promise.all([
        counters.get(name),
        counters.get(name, { window: '30d' }),
        counters.get(name, { window: 'month', timeZone: 'UTC' }),
        counters.get(name, { window: 'month', timeZone: 'Asia/Tokyo' }),
        counters.get(name, { group: name }),
        counters.get(name, { group: name, window: '30d' }),
      ]);
      assert.deepEqual(counts, [1, 2, 4, 8, 16, 32]);
    },

    'answers a series without gaps, oldest first, the current period last': async ({
      counters,
    }) => {
      const name = someKey();
      await counters.increment(name, { by: 3, window: '30d' });
      const series = await counters.series(name, { window: '30d', count: 4 });
      assert.deepEqual(
        series.map(({ count }) => count),
        [0, 0, 0, 3],
      );
      const starts = series.map(({ start }) => start.getTime());
      for (const [at, start] of starts.entries()) {
        assert.equal(start % (30 * 86_400_000), 0);
        assert.equal(start - starts[0]!, at * 30 * 86_400_000);
      }
    },

    'moves on to the next period, and adds periods up': async ({ counters }) => {
      const name = someKey();
      const [one, two] = [someKey(), someKey()];
      let counted = 0;
      const series = await eventually(
        async () => {
          await counters.increment(name, { window: '1s', group: one });
          await counters.increment(name, { window: '1s' });
          await counters.addUnique(two, String(counted), { window: '1s' });
          counted += 1;
          const buckets = await counters.series(name, { window: '1s', count: 90 });
          return buckets.filter(({ count }) => count > 0).length >= 3 && buckets;
        },
        { within: 30_000 },
      );
      const over = { window: '1s', count: 90 } as const;
      const total = series.reduce((sum, { count }) => sum + count, 0);
      assert.equal(total, counted);
      assert.deepEqual(
        await counters.stats([name, two], over),
        new Map([
          [name, counted],
          [two, 0],
        ]),
      );
      assert.deepEqual(await counters.stats({ group: one }, over), new Map([[name, counted]]));
      const unique = await counters.unique(two, over);
      assert.ok(Math.abs(unique - counted) <= Math.max(2, counted * 0.05), `${unique}/${counted}`);
      assert.equal(await counters.reset(name, { window: '1s' }), true);
      assert.deepEqual(await counters.stats([name], over), new Map([[name, 0]]));
    },

    'gives the numbers of many names, and of a whole group': async ({ counters }) => {
      const names = Array.from({ length: 40 }, someKey);
      await Promise.all(names.map((name, at) => counters.increment(name, at + 1)));
      const stats = await counters.stats([...names, 'nobody', names[0]!]);
      assert.deepEqual([...stats.keys()], [...names, 'nobody']);
      assert.deepEqual([...stats.values()], [...names.map((_, at) => at + 1), 0]);
      const group = someKey();
      await counters.increment('a', { group });
      await counters.increment('b', { group, by: 2 });
      assert.deepEqual(
        await counters.stats({ group }),
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
      );
      assert.equal(await counters.reset('a', { group }), true);
      assert.deepEqual(await counters.stats({ group }), new Map([['b', 2]]));
      assert.equal(await counters.reset({ group }), true);
      assert.equal(await counters.reset({ group }), false);
      assert.deepEqual(await counters.stats({ group }), new Map());
      assert.deepEqual(await counters.stats([]), new Map());
    },

    'takes no more names into a group than it may have': async ({ counters }) => {
      const group = someKey();
      for (const name of ['a', 'b', 'c']) await counters.increment(name, { group });
      await assert.rejects(counters.increment('d', { group }), hasCode('COUNTER_GROUP_FULL'));
      assert.equal(await counters.increment('c', { group }), 2);
      assert.equal((await counters.stats({ group })).size, 3);
    },

    'counts a member once': async ({ counters }) => {
      const name = someKey();
      const members = Array.from({ length: 300 }, someKey);
      const twice = [...members, ...members];
      await Promise.all(twice.map((member) => counters.addUnique(name, member)));
      const unique = await counters.unique(name);
      assert.ok(Math.abs(unique - 300) <= 15, `${unique} of 300`);
      assert.equal(await counters.addUnique(name, members[0]!), false);
      assert.equal(await counters.unique(someKey()), 0);
    },

    'adds up in the background what is tallied': async ({ counters }) => {
      const [name, group] = [someKey(), someKey()];
      for (let i = 0; i < 50; i++) {
        counters.tally(name);
        counters.tally(name, { group, by: 2, window: '30d' });
      }
      await eventually(async () => (await counters.get(name)) === 50, { within: 20_000 });
      await eventually(async () => (await counters.get(name, { group, window: '30d' })) === 100, {
        within: 20_000,
      });
    },
  });
}

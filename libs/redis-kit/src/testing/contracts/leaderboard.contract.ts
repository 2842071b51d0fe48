import assert from 'node:assert/strict';
import type { LeaderboardService } from '../../counters/leaderboard.service.js';
import { eventually } from '../rig/eventually.js';
import { ODD_KEYS, someKey } from './cache-store-steps.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

export interface LeaderboardSubject extends ContractSubject {
  readonly leaderboards: LeaderboardService;
}

const invalid = (error: unknown) =>
  (error as { code?: string }).code === 'LEADERBOARD_ARGUMENT_INVALID';

/** What leaderboards must do, wherever they are kept. */
export function leaderboardContract(
  create: () => Promise<LeaderboardSubject>,
): readonly ContractCase[] {
  const membersOf = (entries: readonly { member: string }[]) => entries.map(({ member }) => member);
  return casesOf(create, {
    'ranks from 0, the highest first': async ({ leaderboards }) => {
      const board = someKey();
      assert.deepEqual(await leaderboards.submit(board, 'ann', 10), entry('ann', 10, 0));
      assert.deepEqual(await leaderboards.submit(board, 'bob', 30), entry('bob', 30, 0));
      assert.deepEqual(await leaderboards.submit(board, 'cid', 20), entry('cid', 20, 1));
      assert.deepEqual(await leaderboards.top(board, 2), [
        entry('bob', 30, 0),
        entry('cid', 20, 1),
      ]);
      assert.deepEqual(await leaderboards.rank(board, 'ann'), entry('ann', 10, 2));
      assert.equal(await leaderboards.rank(board, 'nobody'), null);
      assert.equal(await leaderboards.size(board), 3);
      assert.deepEqual(await leaderboards.top(someKey()), []);
      assert.equal(await leaderboards.size(someKey()), 0);
    },

    'ranks the lowest first where that is best': async ({ leaderboards }) => {
      const board = { name: someKey(), best: 'lowest' as const };
      await leaderboards.submit(board, 'ann', 10);
      await leaderboards.submit(board, 'bob', -30);
      await leaderboards.submit(board, 'cid', 20);
      assert.deepEqual(membersOf(await leaderboards.top(board)), ['bob', 'ann', 'cid']);
      await leaderboards.submit(board, 'cid', 5, { mode: 'best' });
      await leaderboards.submit(board, 'bob', 5, { mode: 'best' });
      assert.deepEqual(await leaderboards.top(board), [
        entry('bob', -30, 0),
        entry('cid', 5, 1),
        entry('ann', 10, 2),
      ]);
    },

    'keeps the better score in the mode best, and any in the mode set': async ({
      leaderboards,
    }) => {
      const board = someKey();
      await leaderboards.submit(board, 'ann', 10);
      assert.deepEqual(
        await leaderboards.submit(board, 'ann', 5, { mode: 'best' }),
        entry('ann', 10, 0),
      );
      assert.deepEqual(
        await leaderboards.submit(board, 'ann', 15, { mode: 'best' }),
        entry('ann', 15, 0),
      );
      assert.deepEqual(await leaderboards.submit(board, 'ann', 5), entry('ann', 5, 0));
    },

    'ranks who reached a score first before others with the same': async ({ leaderboards }) => {
      for (const best of ['highest', 'lowest'] as const) {
        const board = { name: someKey(), best };
        // Neither in the order of their names nor against it.
        const members = ['m', 'a', 'z', 'b', '~', '\u0000'];
        for (const member of members) await leaderboards.submit(board, member, 7.25);
        assert.deepEqual(membersOf(await leaderboards.top(board)), members);
        await leaderboards.submit(board, 'a', 7.25);
        await leaderboards.incrementBy(board, 'm', 0);
        assert.deepEqual(membersOf(await leaderboards.top(board)), members);
        await leaderboards.incrementBy(board, 'm', 1);
        await leaderboards.incrementBy(board, 'm', -1);
        const after = [...members.slice(1), 'm'];
        assert.deepEqual(membersOf(await leaderboards.top(board)), after);
        for (const [rank, member] of after.entries()) {
          assert.equal((await leaderboards.rank(board, member))?.rank, rank);
        }
      }
    },

    'keeps the whole precision of scores': async ({ leaderboards }) => {
      const board = someKey();
      const scores = [
        Number.MAX_VALUE,
        Number.MAX_SAFE_INTEGER,
        Number.MAX_SAFE_INTEGER - 1,
        0.30000000000000004,
        0.3,
        Number.MIN_VALUE,
        0,
        -Number.MIN_VALUE,
        -Number.MAX_VALUE,
      ];
      for (const score of scores.toReversed()) {
        await leaderboards.submit(board, String(score), score);
      }
      const top = await leaderboards.top(board, 20);
      assert.deepEqual(
        top.map(({ score }) => score),
        scores,
      );
      assert.deepEqual(await leaderboards.submit(board, 'zero', -0), entry('zero', 0, 7));
      assert.ok(Object.is((await leaderboards.rank(board, 'zero'))!.score, 0));
    },

    'adds to a score, and begins from 0': async ({ leaderboards }) => {
      const board = someKey();
      assert.deepEqual(await leaderboards.incrementBy(board, 'ann', 0.1), entry('ann', 0.1, 0));
      assert.deepEqual(
        await leaderboards.incrementBy(board, 'ann', 0.2),
        entry('ann', 0.1 + 0.2, 0),
      );
      await leaderboards.submit(board, 'max', Number.MAX_VALUE);
      await assert.rejects(leaderboards.incrementBy(board, 'max', Number.MAX_VALUE), invalid);
      assert.equal((await leaderboards.rank(board, 'max'))?.score, Number.MAX_VALUE);
    },

    'takes off who ranks behind the size, in the same step': async ({ leaderboards }) => {
      const board = { name: someKey(), maxSize: 3 };
      for (const score of [1, 2, 3]) await leaderboards.submit(board, `m${score}`, score);
      assert.equal(await leaderboards.submit(board, 'late', 1), null);
      assert.equal(await leaderboards.submit(board, 'worse', 0), null);
      assert.deepEqual(await leaderboards.submit(board, 'better', 2.5), entry('better', 2.5, 1));
      assert.deepEqual(membersOf(await leaderboards.top(board)), ['m3', 'better', 'm2']);
      assert.equal(await leaderboards.rank(board, 'm1'), null);
      const smaller = { ...board, maxSize: 1 };
      assert.equal(await leaderboards.submit(smaller, 'm2', 0), null);
      assert.deepEqual(membersOf(await leaderboards.top(board)), ['m3']);
      assert.equal(await leaderboards.size(board), 1);
    },

    'never shows more members than the size, nor one twice, while many submit': async ({
      leaderboards,
    }) => {
      const board = { name: someKey(), maxSize: 5 };
      const submit = async (at: number): Promise<void> => {
        await leaderboards.submit(board, `m${at % 12}`, (at * 7919) % 101);
        const members = membersOf(await leaderboards.top(board, 20));
        assert.ok(members.length <= 5);
        assert.equal(new Set(members).size, members.length);
      };
      await Promise.all(Array.from({ length: 120 }, (_, at) => submit(at)));
      assert.equal(await leaderboards.size(board), 5);
    },

    'reads pages and neighbours': async ({ leaderboards }) => {
      const board = someKey();
      for (let at = 0; at < 10; at++) await leaderboards.submit(board, `m${at}`, 100 - at);
      const page = await leaderboards.page(board, { offset: 4, limit: 3 });
      assert.deepEqual(membersOf(page), ['m4', 'm5', 'm6']);
      assert.deepEqual(
        page.map(({ rank }) => rank),
        [4, 5, 6],
      );
      assert.deepEqual(await leaderboards.page(board, { offset: 10 }), []);
      assert.deepEqual(membersOf(await leaderboards.around(board, 'm5', 1)), ['m4', 'm5', 'm6']);
      assert.deepEqual(membersOf(await leaderboards.around(board, 'm0', 2)), ['m0', 'm1', 'm2']);
      assert.deepEqual(membersOf(await leaderboards.around(board, 'm9', 2)), ['m7', 'm8', 'm9']);
      assert.deepEqual(await leaderboards.around(board, 'nobody'), []);
    },

    'keeps the data of a member until it gets other': async ({ leaderboards }) => {
      const board = someKey();
      const data = { name: 'Ann "é" {\u0000}', badges: [1, null, true] };
      const dataOf = async (member: string) => (await leaderboards.rank(board, member))?.data;
      assert.deepEqual((await leaderboards.submit(board, 'ann', 1, { data }))?.data, data);
      assert.deepEqual((await leaderboards.incrementBy(board, 'ann', 1))?.data, data);
      assert.deepEqual((await leaderboards.top(board))[0]?.data, data);
      await leaderboards.submit(board, 'ann', 1, { data: null });
      assert.equal(await dataOf('ann'), null);
      await leaderboards.submit(board, 'bob', 1);
      assert.equal(await dataOf('bob'), undefined);
      const large = { data: 'x'.repeat(5_000) };
      await assert.rejects(leaderboards.submit(board, 'bob', 2, large), invalid);
    },

    'takes members off, and everybody': async ({ leaderboards }) => {
      const board = someKey();
      for (const member of ['a', 'b', 'c']) await leaderboards.submit(board, member, 1);
      assert.equal(await leaderboards.remove(board, 'b'), true);
      assert.equal(await leaderboards.remove(board, 'b'), false);
      assert.deepEqual(membersOf(await leaderboards.top(board)), ['a', 'c']);
      assert.deepEqual(await leaderboards.submit(board, 'b', 1), entry('b', 1, 2));
      assert.equal(await leaderboards.reset(board), true);
      assert.equal(await leaderboards.reset(board), false);
      assert.equal(await leaderboards.size(board), 0);
      await leaderboards.submit(board, 'a', 1);
      await leaderboards.remove(board, 'a');
      assert.equal(await leaderboards.reset(board), false);
      assert.deepEqual(await leaderboards.submit(board, 'z', 1), entry('z', 1, 0));
    },

    'takes members of any characters': async ({ leaderboards }) => {
      const board = someKey();

      const members = [...new Set(ODD_KEYS)].filter(isMember);
      for (const member of members) await leaderboards.submit(board, member, 1);
      const top = membersOf(await leaderboards.top(board, 1_000));
      assert.deepEqual(top, members);
      for (const member of members) assert.equal(await leaderboards.remove(board, member), true);
    },

    'refuses what cannot be ranked with': async ({ leaderboards }) => {
      for (const score of [Number.NaN, Number.POSITIVE_INFINITY, -Infinity, '7' as never]) {
        await assert.rejects(leaderboards.submit('b', 'm', score), invalid);
        await assert.rejects(leaderboards.incrementBy('b', 'm', score), invalid);
      }
      for (const text of ['', '\udfff', 'x'.repeat(513), undefined as never]) {
        await assert.rejects(leaderboards.submit('b', text, 1), invalid);
        await assert.rejects(leaderboards.submit(text, 'm', 1), invalid);
        await assert.rejects(leaderboards.remove('b', text), invalid);
        await assert.rejects(leaderboards.rank('b', text), invalid);
      }
      await assert.rejects(leaderboards.top('b', 0), invalid);
      await assert.rejects(leaderboards.top('b', 1_001), invalid);
      await assert.rejects(leaderboards.page('b', { offset: -1 }), invalid);
      await assert.rejects(leaderboards.submit('b', 'm', 1, { mode: 'worst' as never }), invalid);
      await assert.rejects(
        leaderboards.top({ name: 'b', maxSize: 0 }),
        (error: unknown) => (error as { code?: string }).code === 'CONFIGURATION_INVALID',
      );
      assert.equal(await leaderboards.size('b'), 0);
    },

    'begins a new board with each period, and keeps the one before': async ({ leaderboards }) => {
      const board = { name: someKey(), period: '2s' as const, keep: 30 };
      await leaderboards.submit(board, 'first', 1);
      await eventually(async () => (await leaderboards.size(board)) === 0, { within: 20_000 });
      const wasKept = async (): Promise<boolean> => {
        const periods = Array.from({ length: 20 }, (_, at) => at + 1);
        const sizes = periods.map((ago) => leaderboards.size(board, { ago }));
        return (await Promise.all(sizes)).includes(1);
      };
      await eventually(wasKept, { within: 20_000 });
      const monthly = { name: board.name, period: 'month' as const, timeZone: 'Asia/Tokyo' };
      await leaderboards.submit(monthly, 'second', 2);
      assert.deepEqual(await leaderboards.top(monthly), [entry('second', 2, 0)]);
      assert.deepEqual(await leaderboards.top(monthly, 10, { ago: 1 }), []);
    },

    'forgets a board when its time is over': async ({ leaderboards }) => {
      const board = { name: someKey(), ttl: '1s' as const };
      await leaderboards.submit(board, 'ann', 1);
      await eventually(async () => (await leaderboards.size(board)) === 0, { within: 20_000 });
      assert.deepEqual(await leaderboards.submit(board, 'bob', 1), entry('bob', 1, 0));
    },
  });
}

const entry = (member: string, score: number, rank: number) => ({
  member,
  score,
  rank,
  data: undefined,
});

const isMember = (text: string): boolean =>
  text !== '' && Buffer.byteLength(text) <= 512 && !/\p{Surrogate}/u.test(text);

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import fc from 'fast-check';
import { CounterService, LeaderboardService } from 'nestjs-redis-kit';
import {
  isolatedNamespace,
  keysWithoutExpiry,
  RedisKitTestingModule,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import { Test } from '@nestjs/testing';
import { SHARED, type methods } from '../scenarios/counting.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { runScenario } from '../support/run-scenario.js';

const HOUR_MS = 3_600_000;
/** One process has the right time, two are an hour off, and one has never set its clock. */
const SKEWS_MS = [0, HOUR_MS, -HOUR_MS, -20 * 365 * 24 * HOUR_MS];
const TIMES = 150;

let processes: ScenarioProcesses<typeof methods>;

beforeAll(async () => {
  processes = await runScenario<typeof methods>(SKEWS_MS.length, 'counting');
});

afterAll(async () => {
  await processes.stop();
});

describeTopologies('counters', (topology) => {
  let app: INestApplicationContext;
  let counters: CounterService;
  let leaderboards: LeaderboardService;
  const namespace = isolatedNamespace();

  beforeAll(async () => {
    app = await startApplication({
      namespace,
      connections: { default: topology.connectionOptions() },
      counters: { deadline: '30s' },
    });
    counters = app.get(CounterService);
    leaderboards = app.get(LeaderboardService);
  });

  afterAll(async () => {
    await app.close();
  });

  it('of four processes, whatever their clocks say, are exact and agree on the time', async () => {
    await Promise.all(
      SKEWS_MS.map((clockSkewMs, at) =>
        processes.call(at, 'start', {
          namespace,
          connection: topology.connectionOptions(),
          clockSkewMs,
        }),
      ),
    );
    await processes.all('count', TIMES);
    await processes.all('stop');
    const all = TIMES * SKEWS_MS.length;
    expect(await counters.get('plain')).toBe(all);
    const series = await counters.series('windowed', { window: '1s', count: 900 });
    expect(series.reduce((sum, { count }) => sum + count, 0)).toBe(all);
    expect(await counters.get('tallied', { window: 'month' })).toBe(all);
    const group = await counters.stats({ group: SHARED.group }, { window: 'month' });
    expect([...group.values()].reduce((sum, count) => sum + count, 0)).toBe(all);
    expect(group.size).toBe(7);
    const unique = await counters.unique('unique', { window: 'month' });
    expect(Math.abs(unique - TIMES)).toBeLessThan(TIMES * 0.05);
    const top = await leaderboards.top(SHARED.board, 100);
    expect(top).toHaveLength(SHARED.board.maxSize);
    expect(top.map(({ rank }) => rank)).toEqual([0, 1, 2, 3, 4]);
  });

  it('are read by the hundred, wherever they are kept', async () => {
    const names = Array.from({ length: 300 }, (_, at) => `many ${at}`);
    await Promise.all(names.map((name, at) => counters.increment(name, at)));
    const stats = await counters.stats(names);
    expect([...stats.values()]).toEqual(names.map((_, at) => at));
  });

  it('are found without a search through the keys of any server', async () => {
    const searches = async (): Promise<number> => {
      const masters = await topology.masters();
      const counts = await Promise.all(
        masters.flatMap((master) => ['keys', 'scan'].map((each) => master.commandCount(each))),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    };
    const names = Array.from({ length: 20 }, (_, at) => `found ${at}`);
    for (const name of names) {
      await counters.increment(name);
      await counters.increment(name, { group: 'found' });
      await counters.increment(name, { group: 'found', window: '1h' });
    }
    const before = await searches();
    const ones = new Map(names.map((name) => [name, 1] as const));
    expect(await counters.stats(names)).toEqual(ones);
    expect(await counters.stats({ group: 'found' })).toEqual(ones);
    const lately = await counters.stats({ group: 'found' }, { window: '1h', count: 2 });
    expect(lately).toEqual(ones);
    expect(await searches()).toBe(before);
  });

  it('and boards survive that the server forgets their scripts', async () => {
    await counters.increment('before');
    await leaderboards.submit('before', 'ann', 1);
    await topology.admin.ping();
    for (const master of await topology.masters()) await master.client().script('FLUSH');
    expect(await counters.increment('before')).toBe(2);
    expect(await counters.increment('before', { window: 'month' })).toBe(1);
    expect((await leaderboards.incrementBy('before', 'ann', 1))?.score).toBe(2);
    expect(await leaderboards.size('before')).toBe(1);
  });

  it('begin a board anew of which Redis has lost a half', async () => {
    for (const part of ['leaderboard', 'leaderboard-members']) {
      const board = `half ${part}`;
      await leaderboards.submit(board, 'ann', 1);
      await leaderboards.submit(board, 'bob', 2);
      await topology.admin.del(`${namespace}:v1:${part}:{${board}}`);
      await leaderboards.submit(board, 'ann', 5);
      expect((await leaderboards.top(board)).map(({ member }) => member)).toEqual(['ann']);
      expect(await leaderboards.size(board)).toBe(1);
    }
  });

  it('keep nothing of a member that was taken off a board', async () => {
    const board = { name: 'bounded', maxSize: 3 };
    for (let at = 0; at < 20; at++) await leaderboards.submit(board, `m${at}`, at % 7);
    const members = await topology.admin.hkeys(`${namespace}:v1:leaderboard-members:{bounded}`);
    const top = await leaderboards.top(board);
    expect(members.sort()).toEqual(['', ...top.map(({ member }) => member)].sort());
  });

  it('take nothing for data of a member that is none', async () => {
    await leaderboards.submit('foreign', 'ann', 1, { data: { a: 1 } });
    const key = `${namespace}:v1:leaderboard-members:{foreign}`;
    const record = await topology.admin.hgetBuffer(key, 'ann');
    await topology.admin.hset(
      key,
      'ann',
      Buffer.concat([record!.subarray(0, 6), Buffer.from('{')]),
    );
    expect(await leaderboards.rank('foreign', 'ann')).toMatchObject({ score: 1, data: undefined });
  });

  it('keep a period as long as it was asked for, and not longer', async () => {
    await counters.increment('kept', { window: '1h', keep: 3 });
    const [bucket] = await counters.series('kept', { window: '1h' });
    const start = bucket!.start.getTime();
    const expiresAt = await topology.admin.call(
      'PEXPIRETIME',
      `${namespace}:v1:counter:{kept}:${HOUR_MS}:${start}`,
    );
    expect(expiresAt).toBe(start + 3 * HOUR_MS);
  });

  it('leave no key without an expiry', async () => {
    expect(await keysWithoutExpiry(topology.admin, `${namespace}:*`)).toEqual([]);
  });
});

describeTopologies(
  'counters and boards in Redis do what those in memory do',
  (topology) => {
    const boardStep = fc.record({
      verb: fc.constantFrom('submit', 'best', 'incrementBy', 'remove', 'around', 'page'),
      member: fc.constantFrom('a', 'b', 'c', 'd', 'e', '\u0000', '🔑'),
      score: fc.oneof(
        fc.integer({ min: -3, max: 3 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(-0, Number.MAX_VALUE, -Number.MAX_VALUE),
      ),
      count: fc.integer({ min: 0, max: 4 }),
    });

    async function applyTo(
      boards: LeaderboardService,
      board: Parameters<LeaderboardService['top']>[0],
      { verb, member, score, count }: typeof boardStep extends fc.Arbitrary<infer T> ? T : never,
    ): Promise<unknown> {
      try {
        switch (verb) {
          case 'submit':
            return await boards.submit(board, member, score);
          case 'best':
            return await boards.submit(board, member, score, { mode: 'best', data: count });
          case 'incrementBy':
            return await boards.incrementBy(board, member, score);
          case 'remove':
            return await boards.remove(board, member);
          case 'around':
            return await boards.around(board, member, count);
          case 'page':
            return await boards.page(board, { offset: count, limit: 3 });
        }
      } catch (error) {
        return (error as { code: string }).code;
      }
    }

    it('whatever is asked of them', async () => {
      const app = await startApplication({
        connections: { default: topology.connectionOptions() },
        counters: { deadline: '30s' },
      });
      const memory = await Test.createTestingModule({
        imports: [RedisKitTestingModule.forRoot()],
      }).compile();
      const [real, model] = [app.get(LeaderboardService), memory.get(LeaderboardService)];
      let runs = 0;
      const best = fc.constantFrom('highest' as const, 'lowest' as const);
      const property = fc.asyncProperty(
        best,
        fc.integer({ min: 1, max: 5 }),
        fc.array(boardStep, { maxLength: 40 }),
        async (which, maxSize, steps) => {
          const board = { name: `run ${runs++}`, best: which, maxSize };
          for (const step of steps) {
            expect(await applyTo(real, board, step)).toEqual(await applyTo(model, board, step));
          }
          expect(await real.top(board, 20)).toEqual(await model.top(board, 20));
        },
      );
      await fc.assert(property, { numRuns: 80 });

      const [counts, modelled] = [app.get(CounterService), memory.get(CounterService)];
      const step = fc.record({
        name: fc.constantFrom('a', 'b'),
        by: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.maxSafeInteger()),
        window: fc.constantFrom(undefined, 'month' as const, '300d' as const),
        isGrouped: fc.boolean(),
        isReset: fc.boolean(),
      });
      const counting = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const run = `run ${runs++}`;
        for (const { name, by, window, isGrouped, isReset } of steps) {
          const scope = { window, group: isGrouped ? run : undefined };
          const answers = [counts, modelled].map(async (each) => {
            if (isReset && by === 0) return each.reset(`${run} ${name}`, { ...scope, keep: 2 });
            try {
              return await each.increment(`${run} ${name}`, { ...scope, by });
            } catch (error) {
              return (error as { code: string }).code;
            }
          });
          const [answer, expected] = await Promise.all(answers);
          expect(answer).toEqual(expected);
        }
        for (const window of [undefined, 'month', '300d'] as const) {
          const over = window ? { window, count: 3 } : {};
          expect(await counts.stats({ group: run }, over)).toEqual(
            await modelled.stats({ group: run }, over),
          );
        }
      });
      await fc.assert(counting, { numRuns: 40 });
      await memory.close();
      await app.close();
    });
  },
  { only: ['standalone'] },
);

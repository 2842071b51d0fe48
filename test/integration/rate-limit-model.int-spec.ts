import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { limitOf, type Limit } from '../../libs/redis-kit/src/rate-limit/limit.js';
import type { RateLimitPolicy } from '../../libs/redis-kit/src/rate-limit/policy.options.js';
import {
  consumeAny,
  consumeOne,
  correct,
} from '../../libs/redis-kit/src/rate-limit/rate-limit.scripts.js';
import { PolicyTexts } from '../../libs/redis-kit/src/rate-limit/stores/policy-texts.js';
import type { BucketAnswer } from '../../libs/redis-kit/src/rate-limit/stores/bucket-store.js';
import { MemoryBucketStore } from '../../libs/redis-kit/src/rate-limit/stores/memory-bucket.store.js';
import {
  isSingleBucket,
  singleBucketAnswer,
} from '../../libs/redis-kit/src/rate-limit/stores/single-bucket.js';
import { runScript } from '../../libs/redis-kit/src/core/scripts/script-runner.js';
import type { Script } from '../../libs/redis-kit/src/core/scripts/define-script.js';

/**
 * The scripts against the model, over time that the test makes: `TIME` is replaced by a key, everything else is the text
 * that production runs. What Redis would expire lives much longer, because its clock does not wait for the test's.
 */
const CLOCK = 'clock:{t}';
const RUNS = 40;
const HOUR_US = 3_600_000_000;
/** How far a process may be off: not at all, into yesterday, by weeks in both directions. */
const LAGS_US = [0, 20 * HOUR_US, 400 * HOUR_US, -400 * HOUR_US];

/** How much longer Redis keeps what expires. */
const LONGER = 100_000;

function onTestClock<Key extends string, Arg extends string, Reply>(
  script: Script<Key, Arg, Reply>,
): Script<Key, Arg, Reply> {
  const lua = [
    [
      "redis.call('TIME')",
      "{ math.floor(redis.call('GET', clock) / 1000000), redis.call('GET', clock) % 1000000 }",
    ],
    ['/ 1000))', `/ 1000) * ${LONGER})`],
  ].reduce((text, [from, to]) => {
    if (!text.includes(from!)) throw new Error(`the script does not say ${from}`);
    return text.replaceAll(from!, to!);
  }, script.lua);
  // KEYS is walked to its end, so the clock is taken from it first.
  return {
    ...script,
    lua: `local clock = table.remove(KEYS)\n${lua}`,
    sha1: '0'.repeat(40),
  };
}

const onClock = {
  consumeAny: onTestClock(consumeAny),
  consumeOne: { ...onTestClock(consumeOne), keys: ['blocks', 'bucket', 'clock'] as const },
  correct: onTestClock(correct),
};

const POLICIES: Record<string, RateLimitPolicy[]> = {
  // The one that has a script of its own.
  'a token-bucket': [{ name: 'a', limit: 6, per: '1h', burst: 4 }],
  'token-bucket': [
    { name: 'a', limit: 7, per: '1h' },
    { name: 'b', limit: 5, per: '1h', burst: 2 },
    { name: 'c', limit: 3, per: '10m', burst: 9, countDenied: true },
  ],
  'sliding-window': [
    { name: 'a', limit: 5, per: '1h', algorithm: 'sliding-window' },
    { name: 'b', limit: 3, per: '10m', algorithm: 'sliding-window', countDenied: true },
  ],
  'large sliding-window': [
    { name: 'a', limit: 1_001, per: '1h', algorithm: 'sliding-window' },
    { name: 'b', limit: 1_500, per: '10m', algorithm: 'sliding-window', countDenied: true },
  ],
  'fixed-window': [
    { name: 'a', limit: 5, per: '1h', algorithm: 'fixed-window' },
    { name: 'b', limit: 3, per: '10m', algorithm: 'fixed-window', countDenied: true },
  ],
  quota: [
    { name: 'a', limit: 5, per: 'day', timeZone: 'America/Santiago' },
    { name: 'b', limit: 9, per: 'month', countDenied: true },
  ],
  concurrency: [
    { name: 'a', limit: 4, algorithm: 'concurrency', lease: '1h' },
    { name: 'b', limit: 3, algorithm: 'concurrency', lease: '10m' },
  ],
  blocks: [
    { name: 'a', limit: 2, per: '10m', block: { for: '5m', factor: 3, max: '1h' } },
    { name: 'b', limit: 4, per: '1h', algorithm: 'fixed-window', block: { for: '10m' } },
  ],
  mixed: [
    { name: 'a', limit: 4, per: '10m' },
    { name: 'b', limit: 6, per: '1h', algorithm: 'sliding-window' },
    { name: 'c', limit: 1_002, per: '1h', algorithm: 'sliding-window' },
    { name: 'd', limit: 5, per: '20m', algorithm: 'fixed-window' },
    { name: 'e', limit: 8, per: 'day', timeZone: 'Asia/Kolkata' },
    { name: 'f', limit: 3, algorithm: 'concurrency', lease: '10m' },
  ],
};

/** Just before a clock change at midnight in Santiago, so that calendars have something to get wrong. */
const START_US = Date.UTC(2026, 8, 5, 20) * 1_000;

type Step =
  | { readonly type: 'consume' | 'peek'; readonly cost: number; readonly passMs: number }
  | { readonly type: 'give back' | 'penalize'; readonly of: number; readonly passMs: number };

const steps = (largest: number): fc.Arbitrary<Step[]> => {
  const passMs = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 90_000 }),
    fc.integer({ min: 0, max: 1_800_000 }),
    fc.integer({ min: -7_200_000, max: 7_200_000 }),
  );
  return fc.array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          type: fc.constant('consume' as const),
          cost: fc.integer({ min: 1, max: largest }),
          passMs,
        }),
      },
      fc.record({
        type: fc.constant('peek' as const),
        cost: fc.integer({ min: 1, max: largest }),
        passMs,
      }),
      fc.record({ type: fc.constant('give back' as const), of: fc.nat({ max: 20 }), passMs }),
      fc.record({ type: fc.constant('penalize' as const), of: fc.nat({ max: 20 }), passMs }),
    ),
    { minLength: 1, maxLength: 25 },
  );
};

describe('the scripts of rate limits', () => {
  let server: RedisServer;
  let client: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = server.client();
  });

  afterAll(async () => {
    await server.stop();
  });

  it.each(Object.entries(POLICIES))(
    'do what the model does: %s',
    async (_, policies) => {
      const limits = policies.map((policy) => limitOf({ ...policy }));
      const largest = Math.min(...limits.map(({ most }) => most));
      await fc.assert(
        fc.asyncProperty(steps(largest > 100 ? 400 : largest), async (sequence) => {
          await compare(limits, sequence);
        }),
        { numRuns: RUNS },
      );
    },
    120_000,
  );

  async function compare(limits: readonly Limit[], sequence: readonly Step[]): Promise<void> {
    let nowUs = START_US;
    const prefix = isolatedNamespace();
    const texts = new PolicyTexts(() => nowUs);
    // A process that does not know yet what time it is on the server.
    const guesses = LAGS_US.map((lagUs) => new PolicyTexts(() => nowUs - lagUs));
    const model = new MemoryBucketStore(10, () => nowUs);
    const blocks = `${prefix}:blocks:{t}`;
    const buckets = limits.map(({ name }) => `${prefix}:${name}:{t}`);
    const askSingle = async (limit: Limit, cost: number) => {
      const reply = await runScript(
        client,
        onClock.consumeOne,
        { blocks, bucket: buckets[0]!, clock: CLOCK },
        { cost, lateAfter: 0, unit: limit.a, burst: limit.b },
      );
      const { allowed, timeUs, fullAtUs } = reply;
      return { timeUs, ...singleBucketAnswer(limit, cost, allowed, timeUs, fullAtUs!) };
    };
    const taken: {
      readonly holder: string;
      readonly cost: number;
      readonly answer: BucketAnswer;
    }[] = [];
    for (const [at, step] of sequence.entries()) {
      nowUs += step.passMs * 1_000;
      await client.set(CLOCK, nowUs);
      const policies = limits.map((limit) => texts.of(limit));
      if ('cost' in step) {
        const counts = step.type === 'consume';
        const holder = `h${at}`;
        const { cost } = step;
        const ask = (by: PolicyTexts) =>
          runScript(
            client,
            onClock.consumeAny,
            { blocks, buckets: [...buckets, CLOCK] },
            {
              cost,
              counts: counts ? 1 : 0,
              holder,
              lateAfter: 0,
              policies: limits.map((limit) => by.of(limit)),
            },
          );
        const guessed =
          counts && isSingleBucket(limits)
            ? await askSingle(limits[0]!, cost)
            : await ask(guesses[at % guesses.length]!);
        expect(guessed.timeUs).toBe(nowUs);
        const said = guessed.results ? guessed : await ask(texts);
        const expected = model.decide({ tracker: 't', limits, cost: step.cost, counts, holder });
        const results = expected.results.map(({ windowMs: _windowMs, ...result }) => result);
        expect({ allowed: said.allowed, results: said.results }).toEqual({
          allowed: expected.allowed,
          results,
        });
        if (counts && expected.allowed) {
          taken.push({ holder, cost: step.cost, answer: expected });
          await expectExpiry(expected, buckets);
        }
      } else {
        const of = taken[step.of % Math.max(1, taken.length)];
        if (!of) continue;
        const change = step.type === 'give back' ? -of.cost : of.cost;
        const wanted = limits
          .map((limit, i) => ({ limit, i }))
          .filter(({ limit }) => change < 0 || limit.kind !== 'C');
        if (wanted.length === 0) continue;
        const marks = wanted.map(({ i }) => of.answer.results[i]!.mark);
        const reply = await runScript(
          client,
          onClock.correct,
          { buckets: [...wanted.map(({ i }) => buckets[i]!), CLOCK] },
          {
            change,
            holder: of.holder,
            policies: wanted.flatMap(({ i }, k) => [policies[i]!, marks[k] ?? '']),
          },
        );
        expect(reply.isDone).toBe(true);
        await model.correct({
          tracker: 't',
          limits: wanted.map(({ limit }) => limit),
          marks,
          change,
          holder: of.holder,
        });
      }
    }
  }

  /** What was just counted is there until all of it is available again, and not much longer. */
  async function expectExpiry(
    { results }: BucketAnswer,
    buckets: readonly string[],
  ): Promise<void> {
    const ttls = await Promise.all(buckets.map((key) => client.pttl(key)));
    ttls.forEach((ttl, i) => {
      const { resetMs } = results[i]!;
      expect(Math.ceil(ttl / LONGER)).toBeLessThanOrEqual(resetMs + 1);
      expect(Math.ceil(ttl / LONGER)).toBeGreaterThanOrEqual(resetMs - 1);
    });
  }
});

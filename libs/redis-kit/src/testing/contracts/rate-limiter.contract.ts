import assert from 'node:assert/strict';
import { RateLimitCostError } from '../../rate-limit/rate-limit.errors.js';
import type { RateLimitPolicy } from '../../rate-limit/policy.options.js';
import type { RateLimiter } from '../../rate-limit/rate-limiter.js';
import { eventually } from '../rig/eventually.js';
import { DENIALS } from './rate-limiter-denials.js';
import { FIVE, someKey, WINDOWS } from './rate-limiter-policies.js';
import { WAITING } from './rate-limiter-waiting.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

export interface RateLimiterSubject extends ContractSubject {
  readonly limiter: RateLimiter;
}

const BUCKET = FIVE['token-bucket']!;
const SLOTS = FIVE['concurrency']!;

async function allowedOf(
  limiter: RateLimiter,
  key: string,
  policies: readonly RateLimitPolicy[],
  attempts: number,
): Promise<number> {
  const decisions = await Promise.all(
    Array.from({ length: attempts }, () => limiter.consume(key, policies)),
  );
  return decisions.filter(({ allowed }) => allowed).length;
}

const remainingOf = async (
  limiter: RateLimiter,
  key: string,
  ...policies: RateLimitPolicy[]
): Promise<number[]> =>
  (await limiter.peek(key, policies)).policies.map(({ remaining }) => remaining);

/** What any rate limiter must do, wherever it counts. */
export function rateLimiterContract(
  subject: () => Promise<RateLimiterSubject>,
): readonly ContractCase[] {
  return casesOf(subject, {
    ...Object.fromEntries(
      Object.entries(FIVE).flatMap(([algorithm, policy]) => [
        [
          `${algorithm}: allows exactly the limit to many at once, and says what is left`,
          async ({ limiter }: RateLimiterSubject) => {
            const key = someKey();
            assert.deepEqual(await remainingOf(limiter, key, policy), [5]);
            const first = await limiter.consume(key, [policy]);
            assert.equal(first.policies[0]!.remaining, 4);
            assert.equal(first.policies[0]!.retryAfterMs, 0);
            assert.ok(first.policies[0]!.resetMs > 0);
            assert.equal(await allowedOf(limiter, key, [policy], 20), 4);
            const last = await limiter.consume(key, [policy]);
            assert.equal(last.allowed, false);
            assert.deepEqual(last.denied, ['five']);
            assert.equal(last.policies[0]!.remaining, 0);
            assert.ok(last.retryAfterMs > 1_000);
            assert.ok(last.policies[0]!.resetMs >= last.retryAfterMs - 1_000);
            assert.equal(await allowedOf(limiter, someKey(), [policy], 20), 5);
          },
        ],
        [
          `${algorithm}: counts the cost, all of it or nothing`,
          async ({ limiter }: RateLimiterSubject) => {
            const key = someKey();
            assert.equal((await limiter.consume(key, [policy], { cost: 3 })).allowed, true);
            assert.equal((await limiter.consume(key, [policy], { cost: 3 })).allowed, false);
            assert.deepEqual(await remainingOf(limiter, key, policy), [2]);
            assert.equal((await limiter.consume(key, [policy], { cost: 2 })).allowed, true);
            assert.deepEqual(await remainingOf(limiter, key, policy), [0]);
          },
        ],
        [
          `${algorithm}: refuses what can never pass, without counting it`,
          async ({ limiter }: RateLimiterSubject) => {
            const key = someKey();
            await assert.rejects(limiter.consume(key, [policy], { cost: 6 }), (error) => {
              assert.ok(error instanceof RateLimitCostError);
              assert.deepEqual([error.policy, error.cost, error.most], ['five', 6, 5]);
              return true;
            });
            assert.deepEqual(await remainingOf(limiter, key, policy), [5]);
          },
        ],
        [
          `${algorithm}: gives back once what a decision took`,
          async ({ limiter }: RateLimiterSubject) => {
            const key = someKey();
            const decision = await limiter.consume(key, [policy], { cost: 2 });
            await limiter.consume(key, [policy], { cost: 3 });
            await decision.refund();
            await decision.refund();
            await decision.settle(0);
            assert.deepEqual(await remainingOf(limiter, key, policy), [2]);
            assert.equal(await allowedOf(limiter, key, [policy], 9), 2);
          },
        ],
        [
          `${algorithm}: is as new after a reset`,
          async ({ limiter }: RateLimiterSubject) => {
            const key = someKey();
            assert.equal(await allowedOf(limiter, key, [policy], 9), 5);
            await limiter.reset(key, [policy]);
            assert.equal(await allowedOf(limiter, key, [policy], 9), 5);
          },
        ],
        [
          `${algorithm}: with limit 0 allows nothing, ever`,
          async ({ limiter }: RateLimiterSubject) => {
            const decision = await limiter.consume(someKey(), [{ ...policy, limit: 0 }]);
            assert.equal(decision.allowed, false);
            assert.equal(decision.retryAfterMs, Infinity);
          },
        ],
      ]),
    ),

    ...Object.fromEntries(
      WINDOWS.flatMap(([algorithm, policy]) => [
        [
          `${algorithm}: settles on what a request really cost, more or less`,
          async ({ limiter }: RateLimiterSubject) => {
            const key = someKey();
            const cheap = await limiter.consume(key, [policy], { cost: 3 });
            await cheap.settle(1);
            assert.deepEqual(await remainingOf(limiter, key, policy), [4]);
            const dear = await limiter.consume(key, [policy]);
            await dear.settle(3);
            assert.deepEqual(await remainingOf(limiter, key, policy), [1]);
            await dear.settle(7);
            assert.deepEqual(await remainingOf(limiter, key, policy), [0]);
          },
        ],
        [
          `${algorithm}: punishes and rewards by hand`,
          async ({ limiter }: RateLimiterSubject) => {
            const key = someKey();
            await limiter.penalize(key, [policy], 4);
            assert.deepEqual(await remainingOf(limiter, key, policy), [1]);
            await limiter.refund(key, [policy], 2);
            assert.deepEqual(await remainingOf(limiter, key, policy), [3]);
            await limiter.refund(key, [policy], 9);
            assert.deepEqual(await remainingOf(limiter, key, policy), [5]);
          },
        ],
      ]),
    ),

    'allows again when it said it would': async ({ limiter }) => {
      for (const algorithm of ['token-bucket', 'sliding-window', 'fixed-window'] as const) {
        const key = someKey();
        const policy: RateLimitPolicy = { name: 'soon', limit: 2, per: '500ms', algorithm };
        await limiter.consume(key, [policy], { cost: 2 });
        let waitsMs = -1;
        await eventually(async () => {
          const decision = await limiter.consume(key, [policy]);
          if (waitsMs < 0 && !decision.allowed) waitsMs = decision.retryAfterMs;
          assert.ok(decision.allowed);
        });
        assert.ok(waitsMs <= 500);
      }
    },

    'counts by all policies of a tracker or by none': async ({ limiter }) => {
      const key = someKey();
      const narrow: RateLimitPolicy = { name: 'narrow', limit: 2, per: '10h' };
      const all = [
        ...Object.values(FIVE).map((policy, i) => ({ ...policy, name: `p${i}` })),
        narrow,
      ];
      assert.equal(await allowedOf(limiter, key, all, 10), 2);
      assert.deepEqual(await remainingOf(limiter, key, ...all), [3, 3, 3, 3, 3, 0]);
      const denied = await limiter.consume(key, all);
      assert.deepEqual(denied.denied, ['narrow']);
      assert.deepEqual(
        denied.policies.map(({ allowed }) => allowed),
        [true, true, true, true, true, false],
      );
    },

    'gives back what other trackers counted when one denies, in turn or side by side': async ({
      limiter,
    }) => {
      for (const parallel of [false, true]) {
        const [user, ip, all] = [someKey(), someKey(), someKey()];
        const wide: RateLimitPolicy = { name: 'wide', limit: 100, per: '10h' };
        const trackers = [
          { key: user, policies: [wide, SLOTS] },
          { key: ip, policies: [{ ...BUCKET, limit: 3 }] },
          { key: all, policies: [{ ...wide, algorithm: 'sliding-window' as const }] },
        ];
        for (const expected of [true, true, true, false, false]) {
          const decision = await limiter.consume(trackers, { parallel });
          assert.equal(decision.allowed, expected);
          await decision.release();
        }
        assert.deepEqual(await remainingOf(limiter, user, wide, SLOTS), [97, 5]);
        assert.deepEqual(await remainingOf(limiter, all, trackers[2]!.policies[0]!), [97]);
      }
    },

    'frees a slot when it is released, once, and another when its lease ends': async ({
      limiter,
    }) => {
      const key = someKey();
      const decisions = await Promise.all(
        Array.from({ length: 5 }, () => limiter.consume(key, [SLOTS])),
      );
      assert.equal((await limiter.consume(key, [SLOTS])).allowed, false);
      await decisions[0]!.release();
      await decisions[0]!.release();
      assert.equal(await allowedOf(limiter, key, [SLOTS], 3), 1);
      const brief: RateLimitPolicy = {
        name: 'brief',
        limit: 1,
        algorithm: 'concurrency',
        lease: '200ms',
      };
      await limiter.consume(key, [brief]);
      await eventually(async () => assert.ok((await limiter.consume(key, [brief])).allowed));
    },

    'does not count what it denies, unless it is told to': async ({ limiter }) => {
      for (const algorithm of ['token-bucket', 'sliding-window', 'fixed-window'] as const) {
        const policy: RateLimitPolicy = { name: 'strict', limit: 2, per: '1h', algorithm };
        const [lenient, strict] = [someKey(), someKey()];
        for (const [key, countDenied] of [
          [lenient, false],
          [strict, true],
        ] as const) {
          await limiter.penalize(key, [policy], 1);
          assert.equal(
            (await limiter.consume(key, [{ ...policy, countDenied }], { cost: 2 })).allowed,
            false,
          );
        }
        assert.deepEqual(await remainingOf(limiter, lenient, policy), [1], algorithm);
        assert.deepEqual(await remainingOf(limiter, strict, policy), [0], algorithm);
      }
    },

    'blocks a policy after a denial, and says for how long': async ({ limiter }) => {
      const key = someKey();
      const policy: RateLimitPolicy = {
        name: 'login',
        limit: 1,
        per: '2s',
        block: { for: '1h', factor: 2, max: '3h' },
      };
      await limiter.consume(key, [policy]);
      const denied = await limiter.consume(key, [policy]);
      assert.equal(denied.policies[0]!.blocked, true);
      assert.ok(denied.retryAfterMs > 3_000_000 && denied.retryAfterMs <= 3_600_000);
      const other = await limiter.consume(key, [{ name: 'other', limit: 5, per: '1m' }]);
      assert.equal(other.allowed, true);
      await limiter.unblock(key);
      const again = await limiter.peek(key, [policy]);
      assert.equal(again.policies[0]!.blocked, false);
    },

    'blocks and unblocks by hand, whatever the policies': async ({ limiter }) => {
      const key = someKey();
      await limiter.block(key, '1h');
      const denied = await limiter.consume(key, [BUCKET, SLOTS]);
      assert.deepEqual(denied.denied, ['five', 'five']);
      const alone = await limiter.consume(key, [BUCKET]);
      assert.equal(alone.allowed, false);
      assert.equal(alone.policies[0]!.blocked, true);
      assert.ok(denied.retryAfterMs > 3_000_000 && denied.retryAfterMs <= 3_600_000);
      await limiter.unblock(key);
      assert.equal((await limiter.consume(key, [BUCKET, SLOTS])).allowed, true);
      await limiter.block(key, '200ms');
      await eventually(async () => assert.ok((await limiter.consume(key, [BUCKET])).allowed));
    },

    ...DENIALS,
    ...WAITING,

    'takes any text for a tracker': async ({ limiter }) => {
      const odd = [
        '',
        '{',
        '}',
        '{}',
        'a:b',
        'a\r\nb',
        '\u0000',
        '\ud800',
        '\udfff',
        '*',
        '🔑',
        'x'.repeat(9_999),
      ];
      const unique = someKey();
      for (const part of odd) {
        const key = unique + part;
        assert.equal(
          await allowedOf(limiter, key, [BUCKET], 7),
          5,
          JSON.stringify(part.slice(0, 20)),
        );
      }
    },

    'asks without counting': async ({ limiter }) => {
      const key = someKey();
      for (let i = 0; i < 9; i++) await limiter.peek(key, [BUCKET]);
      assert.equal((await limiter.consume(key, [BUCKET], { cost: 0 })).allowed, true);
      assert.equal((await limiter.peek(key, [BUCKET], { cost: 5 })).allowed, true);
      assert.deepEqual(await remainingOf(limiter, key, BUCKET), [5]);
    },

    'keeps a slow rate, a small burst and a huge period': async ({ limiter }) => {
      const key = someKey();
      const policies: RateLimitPolicy[] = [
        { name: 'slow', limit: 1, per: '300d' },
        { name: 'small', limit: 1_000, per: '1h', burst: 2 },
        { name: 'huge', limit: 10, per: '3650d', algorithm: 'sliding-window' },
      ];
      assert.equal(await allowedOf(limiter, key, [policies[0]!], 3), 1);
      assert.equal(await allowedOf(limiter, key, [policies[1]!], 3), 2);
      assert.equal(await allowedOf(limiter, key, [policies[2]!], 30), 10);
    },
  });
}

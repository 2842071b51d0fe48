import assert from 'node:assert/strict';
import type { RateLimitPolicy } from '../../rate-limit/policy.options.js';
import { RateLimitCostError } from '../../rate-limit/rate-limit.errors.js';
import type { RateLimiter } from '../../rate-limit/rate-limiter.js';
import { someKey, WINDOWS } from './rate-limiter-policies.js';

type Step = (subject: { limiter: RateLimiter }) => Promise<void>;

const isAllowed = async (
  limiter: RateLimiter,
  key: string,
  policy: RateLimitPolicy,
): Promise<boolean> => (await limiter.consume(key, [policy])).allowed;

/** A denial that a process remembers must not outlive its reason. */
const givenBack =
  (policy: RateLimitPolicy): Step =>
  async ({ limiter }) => {
    const [refunded, rewarded] = [someKey(), someKey()];
    const decision = await limiter.consume(refunded, [policy], { cost: 5 });
    assert.equal(await isAllowed(limiter, refunded, policy), false);
    await decision.refund();
    assert.equal(await isAllowed(limiter, refunded, policy), true);

    await limiter.penalize(rewarded, [policy], 5);
    assert.equal(await isAllowed(limiter, rewarded, policy), false);
    await limiter.refund(rewarded, [policy], 1);
    assert.equal(await isAllowed(limiter, rewarded, policy), true);
  };

/** What any rate limiter must do with what it denied, and with what it would always deny. */
export const DENIALS: Record<string, Step> = {
  ...Object.fromEntries(
    WINDOWS.map(([algorithm, policy]) => [
      `${algorithm}: allows at once what was denied before something was given back`,
      givenBack(policy),
    ]),
  ),

  'refuses what costs more than the burst, whatever the limit': async ({ limiter }) => {
    const policy: RateLimitPolicy = { name: 'small', limit: 1_000, per: '1h', burst: 2 };
    await assert.rejects(limiter.consume(someKey(), [policy], { cost: 3 }), (error) => {
      assert.ok(error instanceof RateLimitCostError);
      assert.deepEqual([error.policy, error.cost, error.most], ['small', 3, 2]);
      return true;
    });
  },
};

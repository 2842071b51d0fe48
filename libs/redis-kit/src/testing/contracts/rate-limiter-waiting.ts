import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { RateLimitPolicy } from '../../rate-limit/policy.options.js';
import type { RateLimiter } from '../../rate-limit/rate-limiter.js';

const SLOT: RateLimitPolicy = { name: 'slot', limit: 1, algorithm: 'concurrency', lease: '1h' };

const someKey = (): string => `contract:${randomUUID()}`;

/** What any rate limiter must do with calls that wait, and with what takes long. */
export const WAITING: Record<string, (subject: { limiter: RateLimiter }) => Promise<void>> = {
  'waits until it is allowed, one after the other': async ({ limiter }) => {
    const key = someKey();
    const policy: RateLimitPolicy = { name: 'slow', limit: 10, per: '2s', burst: 1 };
    const startedAt = performance.now();
    const order: number[] = [];
    const decisions = await Promise.all(
      Array.from({ length: 4 }, async (_, at) => {
        const decision = await limiter.consume(key, [policy], { wait: '30s' });
        order.push(at);
        return decision.allowed;
      }),
    );
    assert.deepEqual(decisions, [true, true, true, true]);
    assert.deepEqual(order, [0, 1, 2, 3]);
    // Three had to wait for one to come back, which takes 200 ms.
    assert.ok(performance.now() - startedAt >= 590);
  },

  'does not wait for what cannot be allowed in time, nor beyond the time': async ({ limiter }) => {
    const key = someKey();
    const hourly: RateLimitPolicy = { name: 'hourly', limit: 1, per: '1h' };
    const none: RateLimitPolicy = { name: 'none', limit: 0, per: '1s' };
    const held: RateLimitPolicy = { ...SLOT, name: 'held' };
    await limiter.consume(key, [hourly, held]);
    const startedAt = performance.now();
    for (const policy of [hourly, none]) {
      const decision = await limiter.consume(key, [policy], { wait: '10m' });
      assert.deepEqual(decision.denied, [policy.name]);
    }
    assert.ok(performance.now() - startedAt < 60_000);
    const late = await limiter.consume(key, [held], { wait: 300 });
    assert.deepEqual(late.denied, ['held']);
    assert.ok(performance.now() - startedAt >= 300);
  },

  'wakes who waits for a slot when one is free': async ({ limiter }) => {
    const key = someKey();
    const slot: RateLimitPolicy = SLOT;
    const first = await limiter.consume(key, [slot]);
    const waiting = [1, 2].map(() => limiter.consume(key, [slot], { wait: '1m' }));
    await first.release();
    const second = await waiting[0]!;
    assert.equal(second.allowed, true);
    await second.release();
    assert.equal((await waiting[1]!).allowed, true);
  },

  'stops waiting when it is told to, and counts nothing': async ({ limiter }) => {
    const key = someKey();
    const slot: RateLimitPolicy = SLOT;
    const first = await limiter.consume(key, [slot]);
    const abort = new AbortController();
    const reason = new Error('no longer wanted');
    const options = { wait: '1m', signal: abort.signal } as const;
    const given = limiter.consume(key, [slot], options);
    const behind = limiter.consume(key, [slot], { wait: '1m' });
    abort.abort(reason);
    await assert.rejects(given, { message: 'no longer wanted' });
    await assert.rejects(limiter.consume(key, [slot], options), { message: 'no longer wanted' });
    await first.release();
    const second = await behind;
    assert.equal(second.allowed, true);
    await second.release();
    assert.equal((await limiter.peek(key, [slot])).policies[0]!.remaining, 1);
  },

  'keeps a slot beyond its lease while it is kept alive, and no longer': async ({ limiter }) => {
    const key = someKey();
    const slot: RateLimitPolicy = {
      name: 'long',
      limit: 1,
      algorithm: 'concurrency',
      // Long enough that a busy machine renews it in time.
      lease: '2500ms',
    };
    const long = await limiter.consume(key, [slot]);
    long.keepAlive();
    long.keepAlive();
    const waited = await limiter.consume(key, [slot], { wait: '3500ms' });
    assert.equal(waited.allowed, false);
    await long.release();
    assert.equal((await limiter.consume(key, [slot])).allowed, true);
    // Not kept alive, the second ends by itself.
    assert.equal((await limiter.consume(key, [slot], { wait: '1m' })).allowed, true);
  },
};

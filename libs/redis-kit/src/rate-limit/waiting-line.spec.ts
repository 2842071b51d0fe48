import { describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/rig/eventually.js';
import type { RateLimitDecision } from './decision.js';
import { WaitingLine } from './waiting-line.js';

const decision = (allowed: boolean, retryAfterMs = 0, windowMs = 1_000): RateLimitDecision => ({
  allowed,
  policies: [
    {
      name: 'p',
      allowed,
      limit: 1,
      remaining: 0,
      windowMs,
      resetMs: 0,
      retryAfterMs,
      blocked: false,
    },
  ],
  denied: allowed ? [] : ['p'],
  retryAfterMs,
  source: 'redis',
  keepAlive: () => undefined,
  release: async () => undefined,
  refund: async () => undefined,
  settle: async () => undefined,
});

const TERMS = { waitMs: 60_000, signal: undefined };

describe('a crowd that waits for the same', () => {
  it('asks one at a time, and no more often than it was told', async () => {
    const line = new WaitingLine();
    let asking = 0;
    let asked = 0;
    const ask = async (): Promise<RateLimitDecision> => {
      expect(++asking).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      asking -= 1;
      // Every other answer is no.
      return decision(++asked % 2 === 0, 2);
    };
    const all = await Promise.all(
      Array.from({ length: 50 }, () => line.wait('same', ['key'], TERMS, ask)),
    );
    expect(all.every(({ allowed }) => allowed)).toBe(true);
    expect(asked).toBe(100);
  });

  it('does not hold up those who wait for something else', async () => {
    const line = new WaitingLine();
    const ends = new AbortController();
    const stuck = line.wait('a', ['a'], { ...TERMS, signal: ends.signal }, async () =>
      decision(false, 50_000),
    );
    expect((await line.wait('b', ['b'], TERMS, async () => decision(true))).allowed).toBe(true);
    ends.abort();
    await expect(stuck).rejects.toThrow('abort');
  });
});

describe('an application that shuts down', () => {
  it('ends all waits with the answer they have', async () => {
    const line = new WaitingLine();
    let asked = 0;
    const ask = async () => {
      asked += 1;
      return decision(false, 50_000);
    };
    const waiting = ['a', 'a', 'b'].map((id) => line.wait(id, [id], TERMS, ask));
    await eventually(() => expect(asked).toBe(2));
    line.close();
    expect((await Promise.all(waiting)).map(({ allowed }) => allowed)).toEqual([
      false,
      false,
      false,
    ]);
    expect((await line.wait('c', ['c'], TERMS, ask)).allowed).toBe(false);
  });
});

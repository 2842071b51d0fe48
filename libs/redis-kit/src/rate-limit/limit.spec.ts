import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { windowOf } from '../core/time-window.js';
import { limitOf } from './limit.js';
import type { RateLimitPolicy } from './policy.options.js';

const issuesOf = (policy: object): string[] => {
  try {
    limitOf(policy as RateLimitPolicy);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.issues.map(({ path }) => path);
  }
};

describe('a policy', () => {
  it.each([
    [
      { name: 'p', limit: 10, per: '1s' },
      { kind: 'T', most: 10, a: 100_000, b: 1_000_000 },
    ],
    [
      { name: 'p', limit: 10, per: '1s', burst: 3 },
      { kind: 'T', most: 3, a: 100_000, b: 300_000 },
    ],
    // Never more than the rate: a third of a second takes a microsecond more.
    [
      { name: 'p', limit: 3, per: '1s' },
      { kind: 'T', a: 333_334, b: 1_000_002 },
    ],
    [
      { name: 'p', limit: 1_000, per: '1m', algorithm: 'sliding-window' },
      { kind: 'S', a: 60_000_000 },
    ],
    [
      { name: 'p', limit: 1_001, per: '1m', algorithm: 'sliding-window' },
      { kind: 'B', a: 1_000_000, b: 60 },
    ],
    [
      { name: 'p', limit: 5, per: '1h', algorithm: 'fixed-window' },
      { kind: 'F', a: 3_600_000_000 },
    ],
    [
      { name: 'p', limit: 5, per: 'day' },
      { kind: 'Q', calendar: windowOf('day', 'UTC') },
    ],
    [
      { name: 'p', limit: 5, algorithm: 'concurrency' },
      { kind: 'C', a: 60_000_000, windowMs: 0 },
    ],
    [
      { name: 'p', limit: 0, per: '1s' },
      { kind: 'T', most: 0 },
    ],
    [
      { name: 'p', limit: 5, per: '1h', block: { for: '1m', factor: 2 } },
      { block: { forMs: 60_000, factor: 2, maxMs: 86_400_000, forgetAfterMs: 86_400_000 } },
    ],
  ] as const)('%j is understood', (policy, expected) => {
    expect(limitOf(policy)).toMatchObject(expected);
  });

  it.each([
    [{ limit: 1, per: '1s' }, ['policy.name']],
    [{ name: 'a b', limit: 1, per: '1s' }, ['policy.name']],
    [{ name: 'p', limit: -1, per: '1s' }, ['policy.limit']],
    [{ name: 'p', limit: 1.5, per: '1s' }, ['policy.limit']],
    [{ name: 'p', limit: 1 }, ['policy.per']],
    [{ name: 'p', limit: 1, per: 0 }, ['policy.per']],
    [{ name: 'p', limit: 1, per: '3651d' }, ['policy.per']],
    [{ name: 'p', limit: 1, per: 'day', algorithm: 'fixed-window' }, ['policy.per']],
    [{ name: 'p', limit: 1, per: '1d', algorithm: 'quota' }, ['policy.per']],
    [{ name: 'p', limit: 1, per: '1d', algorithm: 'concurrency' }, ['policy.per']],
    [{ name: 'p', limit: 1, per: '1d', algorithm: 'leaky' }, ['policy.algorithm']],
    [{ name: 'p', limit: 1, per: '1s', burst: 0 }, ['policy.burst']],
    [{ name: 'p', limit: 1, per: '1s', algorithm: 'fixed-window', burst: 2 }, ['policy.burst']],
    [{ name: 'p', limit: 1, per: '1s', lease: '1m' }, ['policy.lease']],
    [{ name: 'p', limit: 1, per: '1s', timeZone: 'UTC' }, ['policy.timeZone']],
    [{ name: 'p', limit: 1, per: 'day', timeZone: 'Mars/Olympus' }, ['policy.timeZone']],
    [{ name: 'p', limit: 1, per: '1s', block: {} }, ['policy.block.for']],
    [{ name: 'p', limit: 1, per: '1s', bock: {} }, ['policy.bock']],
    // More than the server's microseconds can count.
    [{ name: 'p', limit: 1_001, per: 1 }, ['policy']],
    [{ name: 'p', limit: 1, per: '3650d', burst: 11 }, ['policy']],
  ])('%j is refused', (policy, paths) => {
    expect(issuesOf(policy)).toEqual(paths);
  });

  it('is checked once', () => {
    const policy: RateLimitPolicy = { name: 'p', limit: 1, per: '1s' };
    expect(limitOf(policy)).toBe(limitOf(policy));
  });
});

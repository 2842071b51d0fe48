import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rateLimitHeaders, type PolicyStanding } from './rate-limit-headers.js';
import { fieldInteger, fieldString, isFieldText } from './structured-fields.js';

const standing = (given: Partial<PolicyStanding>): PolicyStanding => ({
  name: 'default',
  limit: 100,
  windowMs: 60_000,
  unit: 'requests',
  remaining: 50,
  moreInMs: 0,
  ...given,
});

const headersOf = (
  standings: PolicyStanding[],
  style: 'ietf' | 'legacy' | 'both' | false = 'ietf',
) => Object.fromEntries(rateLimitHeaders(standings, style));

describe('the headers of a rate limit', () => {
  it('name each policy with its quota and its window, and what remains of it', () => {
    const burst = standing({ name: 'burst', limit: 10, windowMs: 1_000, remaining: 3 });
    const daily = standing({
      name: 'daily',
      limit: 1_000,
      windowMs: 86_400_000,
      remaining: 412,
      moreInMs: 8_123_000,
    });
    expect(headersOf([burst, daily])).toEqual({
      'RateLimit-Policy': '"burst";q=10;w=1, "daily";q=1000;w=86400',
      RateLimit: '"burst";r=3;t=1, "daily";r=412;t=35597',
    });
  });

  it('have no window that is not a whole number of seconds', () => {
    expect(headersOf([standing({ windowMs: 1_500 })])['RateLimit-Policy']).toBe('"default";q=100');
    expect(headersOf([standing({ windowMs: 500 })])['RateLimit-Policy']).toBe('"default";q=100');
    expect(headersOf([standing({ windowMs: undefined })])['RateLimit-Policy']).toBe(
      '"default";q=100',
    );
  });

  it('say so when a limit is on what runs at the same time', () => {
    const concurrent = standing({
      unit: 'concurrent-requests',
      windowMs: undefined,
      limit: 5,
      remaining: 4,
    });
    expect(headersOf([concurrent])).toEqual({
      'RateLimit-Policy': '"default";q=5;qu="concurrent-requests"',
      RateLimit: '"default";r=4',
    });
  });

  it('never suggest a higher rate than the policy has', () => {
    // An unused quota of 10,000 in 1,000 s, of which the draft says that t=10 would invite a flood (§8.5).
    const unused = standing({
      limit: 10_000,
      windowMs: 1_000_000,
      remaining: 10_000,
      moreInMs: 10_000,
    });
    expect(headersOf([unused])['RateLimit']).toBe('"default";r=10000;t=1000');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 100_000_000 }),
        (limit, windowSeconds, share, moreInMs) => {
          const remaining = Math.floor(limit * share);
          const given = standing({ limit, windowMs: windowSeconds * 1_000, remaining, moreInMs });
          const [, r, t] = /;r=(\d+);t=(\d+)$/.exec(headersOf([given])['RateLimit']!)!;
          expect(Number(r) * windowSeconds).toBeLessThanOrEqual(Number(t) * limit + 1e-6);
          expect(Number(t) * 1_000).toBeGreaterThanOrEqual(moreInMs);
        },
      ),
    );
  });

  it('of a denied request say when to come back, and never earlier than a policy does', () => {
    const burst = standing({
      name: 'burst',
      limit: 10,
      windowMs: 1_000,
      remaining: 0,
      retryAfterMs: 101,
    });
    const daily = standing({
      name: 'daily',
      windowMs: 86_400_000,
      remaining: 0,
      retryAfterMs: 7_000_100,
    });
    const free = standing({ name: 'free', remaining: 9, moreInMs: 60_000_000 });
    expect(headersOf([burst, free])).toEqual({
      'Retry-After': '1',
      'RateLimit-Policy': '"burst";q=10;w=1, "free";q=100;w=60',
      RateLimit: '"burst";r=0;t=1, "free";r=9',
    });
    expect(headersOf([burst, daily])).toMatchObject({
      'Retry-After': '7001',
      RateLimit: '"burst";r=0;t=1, "daily";r=0;t=7001',
    });
    expect(headersOf([standing({ remaining: 0, retryAfterMs: 0 })])['Retry-After']).toBe('1');
  });

  it('of a denied request are at least when to come back', () => {
    expect(headersOf([standing({ retryAfterMs: 2_000 })], false)).toEqual({ 'Retry-After': '2' });
    expect(headersOf([standing({})], false)).toEqual({});
    expect(headersOf([], 'both')).toEqual({});
  });

  it('are by option those that older clients know, of the tightest policy', () => {
    const wide = standing({ name: 'wide', limit: 1_000, remaining: 999 });
    const tight = standing({
      name: 'tight',
      limit: 10,
      windowMs: 5_000,
      remaining: 1,
      moreInMs: 3_200,
    });
    const legacy = {
      'X-RateLimit-Limit': '10',
      'X-RateLimit-Remaining': '1',
      'X-RateLimit-Reset': '4',
    };
    expect(headersOf([wide, tight], 'legacy')).toEqual(legacy);
    expect(headersOf([wide, tight], 'both')).toMatchObject({
      ...legacy,
      RateLimit: expect.any(String),
    });
    expect(headersOf([wide, { ...tight, remaining: 0, retryAfterMs: 1 }], 'legacy')).toEqual({
      'Retry-After': '1',
      'X-RateLimit-Limit': '10',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': '1',
    });
  });

  it('cannot be added to with the name of a policy', () => {
    expect(headersOf([standing({ name: 'a";q=1,"b\\' })])['RateLimit']).toBe(
      '"a\\";q=1,\\"b\\\\";r=50;t=30',
    );
    for (const name of ['a\r\nSet-Cookie: x=1', 'a\nb', 'é', '\u0000', '\u007f']) {
      expect(isFieldText(name)).toBe(false);
      expect(() => fieldString(name)).toThrow('cannot stand in a structured field');
    }
  });

  it.each([
    [-1, '0'],
    [Number.NaN, '0'],
    [1.9, '1'],
    [1e20, '999999999999999'],
    [Number.POSITIVE_INFINITY, '999999999999999'],
  ])('hold a number that the format allows: %s as %s', (value, text) => {
    expect(fieldInteger(value)).toBe(text);
  });
});

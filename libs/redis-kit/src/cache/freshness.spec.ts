import { describe, expect, it } from '@jest/globals';
import { validateOptions } from '../core/options/validate-options.js';
import { CacheOptions, resolveCacheOptions } from './cache.options.js';
import { isDueEarly, isTimed, jittered, ttlFor } from './freshness.js';
import { freshnessOf } from './freshness.options.js';

const defaults = resolveCacheOptions({}).freshness;

describe('the options of freshness', () => {
  it('are off unless they are given, but for the jitter', () => {
    expect(defaults).toMatchObject({
      ttlMs: 300_000,
      nullTtlMs: undefined,
      errorTtlMs: 0,
      jitter: 0.05,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      softTimeoutMs: Infinity,
      hardTimeoutMs: Infinity,
      earlyRefresh: 0,
    });
    expect(isTimed(defaults)).toBe(false);
    expect(defaults.shouldServeStale(new Error('any'))).toBe(true);
  });

  it('of a call go before those of its cache', () => {
    const cache = resolveCacheOptions({ staleIfError: '1h', jitter: 0.5 }).freshness;
    expect(freshnessOf(cache, { tags: ['a'] } as object)).toBe(cache);
    const call = { ttl: '1s', jitter: 0, factoryTimeout: { soft: 5 }, nullTtl: 7 } as const;
    expect(freshnessOf(cache, call)).toMatchObject({
      ttlMs: 1_000,
      staleIfErrorMs: 3_600_000,
      jitter: 0,
      softTimeoutMs: 5,
      nullTtlMs: 7,
    });
  });

  it.each([
    [{ jitter: 1 }, 'jitter'],
    [{ jitter: -0.1 }, 'jitter'],
    [{ earlyRefresh: Number.NaN }, 'earlyRefresh'],
    [{ ttl: 0 }, 'ttl'],
    [{ nullTtl: 0 }, 'nullTtl'],
    [{ factoryTimeout: { hard: 0 } }, 'factoryTimeout.hard'],
    [{ staleIfError: 'soon' as never }, 'soon'],
  ])('of a call are refused out of their range: %j', (options, named) => {
    expect(() => freshnessOf(defaults, options)).toThrow(RangeError);
    expect(() => freshnessOf(defaults, options)).toThrow(named);
  });

  it('of a cache are refused out of their range, by their path', () => {
    const wrong = {
      jitter: 1,
      shouldServeStale: true,
      factoryTimeout: { soft: 0, firm: 1 },
      staleWhileRevalidate: -1,
    };
    const validate = () => validateOptions(CacheOptions, wrong, 'caches.default');
    for (const path of [
      'jitter',
      'shouldServeStale',
      'factoryTimeout.soft',
      'factoryTimeout.firm',
      'staleWhileRevalidate',
    ]) {
      expect(validate).toThrow(`caches.default.${path}`);
    }
  });
});

describe('jitter', () => {
  it('only ever shortens, by no more than its fraction', () => {
    expect(jittered(1_000, 0.1, () => 0)).toBe(1_000);
    expect(jittered(1_000, 0.1, () => 0.5)).toBe(950);
    expect(jittered(1_000, 0.1, () => 1)).toBe(900);
    expect(jittered(1, 0.9, () => 1)).toBe(1);
    expect(jittered(2 ** 40, 0, () => 1)).toBe(2 ** 40);
  });
});

describe('the ttl of null and undefined', () => {
  it('is theirs alone, and that of other values without it', () => {
    const own = { ...defaults, nullTtlMs: 5 };
    expect([null, undefined, 0, '', false].map((value) => ttlFor(own, value))).toEqual([
      5, 5, 300_000, 300_000, 300_000,
    ]);
    expect(ttlFor(defaults, null)).toBe(300_000);
  });
});

describe('early refresh', () => {
  it('is due the earlier the longer the factory takes, the larger beta and the unluckier the draw', () => {
    const half = () => 1 - Math.exp(-1);
    // The draw is worth one duration of the factory.
    expect(isDueEarly(100, 100, 1, half)).toBe(true);
    expect(isDueEarly(100, 101, 1, half)).toBe(false);
    expect(isDueEarly(100, 200, 2, half)).toBe(true);
    expect(isDueEarly(200, 200, 1, half)).toBe(true);
    expect(isDueEarly(100, 1, 1, () => 0)).toBe(false);
  });

  it('is never due when it is off', () => {
    expect(isDueEarly(1e9, 1, 0, () => 1 - Number.EPSILON)).toBe(false);
  });
});

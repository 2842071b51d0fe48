import { describe, expect, it } from '@jest/globals';
import { validateOptions } from '../core/options/validate-options.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { CacheOptions, resolveCacheOptions } from './cache.options.js';

const resolve = (input: object) =>
  resolveCacheOptions(validateOptions(CacheOptions, input, 'cache'));

describe('the options of a cache', () => {
  it('have defaults', () => {
    expect(resolve({})).toMatchObject({
      ttlMs: 300_000,
      store: 'redis',
      connection: 'default',
      maxEntries: 10_000,
      deadlineMs: 100,
      invalidationDeadlineMs: 1_000,
      leaseMs: 3_000,
      leaseLimitMs: 60_000,
      leaderWaitMs: 5_000,
      codec: 'msgpack',
      compressAbove: 8_192,
      maxValueBytes: 5_242_880,
      maxDecodedBytes: 67_108_864,
    });
  });

  it('become milliseconds', () => {
    expect(
      resolve({
        ttl: '1.5h',
        deadline: 50,
        invalidationDeadline: '2s',
        lease: '1m',
        leaseLimit: '2m',
        leaderWait: 0,
      }),
    ).toMatchObject({
      ttlMs: 5_400_000,
      deadlineMs: 50,
      invalidationDeadlineMs: 2_000,
      leaseMs: 60_000,
      leaseLimitMs: 120_000,
      leaderWaitMs: 0,
    });
  });

  it('may be as small and as large as their ranges say', () => {
    const smallest = { maxEntries: 1, maxValueBytes: 1, maxDecodedBytes: 1, compressAbove: 0 };
    // The memory of a list of entries is taken at once, some 40 bytes each: 400 MB at most.
    const largest = { maxEntries: 10_000_000, maxValueBytes: 512 * 1024 * 1024 };
    expect(resolve(smallest)).toMatchObject(smallest);
    expect(resolve(largest)).toMatchObject(largest);
  });

  it.each([
    ['ttl', [0, -1, '0ms', 'soon', Infinity, null]],
    ['store', ['disk', '', null]],
    ['connection', ['', 7]],
    ['maxEntries', [0, 1.5, '10', 10_000_001]],
    ['deadline', [0, '61s']],
    ['invalidationDeadline', [0, '61s']],
    ['lease', [99, '61m']],
    ['leaseLimit', [99, '25h']],
    ['leaderWait', [-1, '6m']],
    ['codec', ['xml']],
    ['compressAbove', [-1, 0.5, Infinity]],
    ['maxValueBytes', [0, 512 * 1024 * 1024 + 1]],
    ['maxDecodedBytes', [0, 2 ** 30 + 1]],
    ['l1', [true, [], 'yes', null]],
    ['tracking', ['yes', 1, null]],
  ])('end at %s of %p', (name, values) => {
    for (const value of values) {
      expect(() => resolve({ [name]: value })).toThrow(ConfigurationError);
      expect(() => resolve({ [name]: value })).toThrow(`cache.${name}: got`);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { resolveRedisKitOptions, type RedisKitOptions } from '../redis-kit.options.js';

const pathsOf = (options: object): string[] => {
  try {
    resolveRedisKitOptions(options as RedisKitOptions, {});
  } catch (error) {
    if (error instanceof ConfigurationError) return error.issues.map(({ path }) => path);
  }
  return [];
};

describe('the options of counters', () => {
  it('have defaults', () => {
    const { counters, leaderboards, requestTracking } = resolveRedisKitOptions({}, {});
    expect(counters).toEqual({
      connection: 'default',
      ttlMs: 2_592_000_000,
      keep: 100,
      maxNames: 1_000,
      deadlineMs: 1_000,
      flushEveryMs: 1_000,
      maxPending: 10_000,
    });
    expect(leaderboards.size).toBe(0);
    expect(requestTracking).toMatchObject({ keep: 180, maxRoutes: 200 });
    expect(requestTracking.window.id).toBe('60000');
  });

  it('take a count that never expires only in so many words', () => {
    expect(resolveRedisKitOptions({ counters: { ttl: 'never' } }, {}).counters.ttlMs).toBe(
      undefined,
    );
    expect(pathsOf({ counters: { ttl: 0 } })).toEqual(['forRoot().counters.ttl']);
  });

  it.each([
    [{ counters: { keep: 0 } }, 'forRoot().counters.keep'],
    [{ counters: { connection: 'elsewhere' } }, 'forRoot().counters.connection'],
    [{ counters: { flushEvery: 0 } }, 'forRoot().counters.flushEvery'],
    [{ counters: { maxPending: 0.5 } }, 'forRoot().counters.maxPending'],
    [{ counters: { tll: '1d' } }, 'forRoot().counters.tll'],
    [{ leaderboards: { b: { period: 'year' } } }, 'forRoot().leaderboards.b.period'],
    [{ leaderboards: { b: { timeZone: 'Nowhere' } } }, 'forRoot().leaderboards.b.timeZone'],
    [{ leaderboards: { b: { best: 'first' } } }, 'forRoot().leaderboards.b.best'],
    [{ leaderboards: { b: { maxSize: 0 } } }, 'forRoot().leaderboards.b.maxSize'],
    [{ requestTracking: { window: '10ms' } }, 'forRoot().requestTracking.window'],
    [{ requestTracking: { maxRoutes: -1 } }, 'forRoot().requestTracking.maxRoutes'],
  ])('refuse %j by its path', (options, path) => {
    expect(pathsOf(options)).toEqual([path]);
  });
});

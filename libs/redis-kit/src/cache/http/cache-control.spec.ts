import { describe, expect, it } from '@jest/globals';
import {
  forbidsStoring,
  formatCacheControl,
  freshnessMs,
  parseCacheControl,
} from './cache-control.js';

const parsed = (field?: string) => Object.fromEntries(parseCacheControl(field));

describe('Cache-Control', () => {
  it.each([
    [undefined, {}],
    ['', {}],
    ['no-store', { 'no-store': '' }],
    ['Public, MAX-AGE=60', { public: '', 'max-age': '60' }],
    ['max-age="60" ,, private="x-a, no-store"', { 'max-age': '60', private: 'x-a, no-store' }],
    ['max-age = 5,s-maxage=', { 'max-age': '5', 's-maxage': '' }],
  ])('is read: %s', (field, directives) => {
    expect(parsed(field)).toEqual(directives);
  });

  it.each(['no-store', 'private', 'no-cache', 'Private="set-cookie"', 'max-age=5, NO-STORE'])(
    'forbids storing: %s',
    (field) => {
      expect(forbidsStoring(parseCacheControl(field))).toBe(true);
    },
  );

  it('does not take a quoted text for a directive', () => {
    expect(forbidsStoring(parseCacheControl('extension="no-store, private", max-age=1'))).toBe(
      false,
    );
  });

  it.each([
    ['max-age=60', 60_000],
    ['max-age=60, s-maxage=5', 5_000],
    ['max-age=-1', 0],
    ['max-age=soon', 0],
    ['public', undefined],
  ])('says how long: %s', (field, ms) => {
    expect(freshnessMs(parseCacheControl(field))).toBe(ms);
  });

  it('is written: clients ask each time, unless told otherwise', () => {
    expect(formatCacheControl(undefined, false)).toBe('no-cache');
    expect(formatCacheControl({ scope: 'public' }, false)).toBe('public, no-cache');
    expect(
      formatCacheControl(
        { scope: 'public', maxAge: '1m', sharedMaxAge: 1_500, staleWhileRevalidate: '30s' },
        false,
      ),
    ).toBe('public, max-age=60, s-maxage=1, stale-while-revalidate=30');
    expect(formatCacheControl({ sharedMaxAge: '1m' }, false)).toBe('max-age=0, s-maxage=60');
  });

  it('is private for a response of one user, whatever is configured', () => {
    const options = { scope: 'public', maxAge: '1m', sharedMaxAge: '1h' } as const;
    expect(formatCacheControl(options, true)).toBe('private, max-age=60');
    expect(formatCacheControl({ scope: 'public', sharedMaxAge: '1h' }, true)).toBe(
      'private, no-cache',
    );
  });
});

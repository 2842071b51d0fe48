import { describe, expect, it } from '@jest/globals';
import type { HttpCacheOptions } from './http-cache.options.js';
import type { HttpCacheRequest } from './http-request.js';
import { bypassReason, userOf } from './personal.js';

const reason = (parts: Partial<HttpCacheRequest>, options: HttpCacheOptions = {}) => {
  const request = { method: 'GET', url: '/', headers: {}, ...parts };
  return bypassReason(request, options, userOf(request, options));
};
const AUTHORIZATION = { headers: { authorization: 'Bearer x' } };
const COOKIES = { headers: { cookie: '_ga=1; sid=2' } };

describe('a request', () => {
  it.each([
    ['authorization', AUTHORIZATION],
    ['cookie', COOKIES],
    ['cookie', { headers: { cookie: 'nameless' } }],
    ['session', { session: { cookie: {}, cart: [] } }],
    ['session', { session: { data: () => ({ id: 1 }) } }],
    ['user', { user: { id: 1 } }],
    ['query', { url: '/?a' }],
  ])('is bypassed for its %s', (expected, parts) => {
    expect(reason(parts as Partial<HttpCacheRequest>)).toBe(expected);
  });

  it.each([
    ['nothing', {}],
    ['the empty session of a guest', { session: { cookie: {} } }],
    ['no user', { user: null }],
  ])('with %s is answered from the cache', (_, parts) => {
    expect(reason(parts as Partial<HttpCacheRequest>)).toBeUndefined();
  });

  it('is not bypassed where the key tells users apart, or there is no difference', () => {
    expect(reason(AUTHORIZATION, { varyBy: { headers: ['Authorization'] } })).toBeUndefined();
    expect(reason(AUTHORIZATION, { varyBy: { user: () => 'ann' } })).toBeUndefined();
    expect(reason(COOKIES, { ignoreCookies: [/^_ga/g], varyBy: { cookies: ['sid'] } })).toBe(
      undefined,
    );
    expect(reason({ ...COOKIES, user: 1 }, { shared: true })).toBeUndefined();
  });

  it('is bypassed where varyBy speaks of something else', () => {
    const varyBy = { headers: ['accept-language'], value: () => 'tenant' };
    expect(reason(AUTHORIZATION, { varyBy })).toBe('authorization');
    expect(reason(COOKIES, { varyBy, ignoreCookies: ['_ga'] })).toBe('cookie');
    expect(reason(AUTHORIZATION, { varyBy: { user: () => undefined } })).toBe('authorization');
    expect(reason({ user: 1 }, { varyBy: { headers: ['authorization'] } })).toBe('user');
    const both = { headers: { ...AUTHORIZATION.headers, ...COOKIES.headers } };
    expect(reason(both, { varyBy: { cookies: ['sid', '_ga'] } })).toBe('authorization');
    expect(reason(both, { varyBy: { headers: ['authorization'] } })).toBe('cookie');
  });

  it('may ask not to be stored only where clients may reload', () => {
    const request = { headers: { 'cache-control': 'no-store' } };
    expect(reason(request)).toBeUndefined();
    expect(reason(request, { clientsMayReload: true })).toBe('request');
  });
});

import { describe, expect, it } from '@jest/globals';
import type { HttpCacheOptions } from './http-cache.options.js';
import type { HttpCacheRequest } from './http-request.js';
import { hasQuery, requestKey } from './request-key.js';

const request = (parts: Partial<HttpCacheRequest> = {}): HttpCacheRequest => ({
  method: 'GET',
  url: '/',
  headers: {},
  ...parts,
});
const key = (
  parts: Partial<HttpCacheRequest>,
  options: HttpCacheOptions = {},
  user?: string,
  route = '/p/:id',
) => requestKey(request(parts), { handler: ['Pages', 'page'], route, user }, options);

describe('the key of a request', () => {
  it('shows the route, and never a header or a query', () => {
    const options = { query: ['q'], varyBy: { headers: ['authorization'] } };
    const shown = key({ query: { q: 'mine' }, headers: { authorization: 'secret' } }, options);
    expect(shown).toMatch(/^http:\/p\/:id#[\w-]{43}$/);
  });

  it('is one for all spellings of one page', () => {
    const options = { query: ['b', 'a'] };
    const one = key({ query: { a: '1', b: '2', c: '3' } }, options);
    expect(key({ query: { b: '2', a: '1' } }, { query: ['a', 'b', 'a'] })).toBe(one);
    expect(key({ method: 'HEAD', url: '/other', query: { a: '1', b: '2' } }, options)).toBe(one);
  });

  it('tells apart what is different', () => {
    const varied: HttpCacheOptions = {
      query: ['q'],
      varyBy: {
        headers: ['X-A'],
        cookies: ['c'],
        value: ({ headers }) => headers['x-t'] as string,
      },
    };
    const keys = [
      key({}, varied),
      key({ query: { q: '' } }, varied),
      key({ query: { q: 'a,b' } }, varied),
      key({ query: { q: ['a', 'b'] } }, varied),
      key({ params: { id: '1' } }, varied),
      key({ params: { id: '2' } }, varied),
      key({ headers: { 'x-a': '1' } }, varied),
      key({ headers: { 'x-t': '1' } }, varied),
      key({ headers: { cookie: 'c=1; d=2' } }, varied),
      key({ headers: { cookie: 'c=1; c=2' } }, varied),
      key({}, varied, '1'),
      key({}, varied, undefined, '/q/:id'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(key({ headers: { cookie: 'd=3; c=1' } }, varied)).toBe(
      key({ headers: { cookie: 'c=1; d=2' } }, varied),
    );
  });

  it.each([
    ['/a', false],
    ['/a?', false],
    ['/a?b', true],
  ])('knows whether %s has a query', (url, expected) => {
    expect(hasQuery(request({ url }))).toBe(expected);
  });
});

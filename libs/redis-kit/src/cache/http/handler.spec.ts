import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Next, Redirect, Render, Res, Sse } from '@nestjs/common';
import { ConfigurationError } from '../../core/redis-kit.error.js';
import { writesItsOwnResponse } from './handler.js';
import { declareHttpCache, httpCacheOptionsOf } from './http-cache.options.js';

@Controller()
class Pages {
  @Get() plain() {}
  @Get() passing(@Res({ passthrough: true }) _response: unknown) {}
  @Get() manual(@Res() _response: unknown) {}
  @Get() onward(@Next() _next: unknown) {}
  @Render('page') rendered() {}
  @Redirect('/') redirected() {}
  @Sse() events() {}
}

describe('a handler', () => {
  it.each([
    ['plain', false],
    ['passing', false],
    ['manual', true],
    ['onward', true],
    ['rendered', true],
    ['redirected', true],
    ['events', true],
  ] as const)('%s writes its own response: %s', (name, expected) => {
    expect(writesItsOwnResponse(Pages.prototype[name], Pages)).toBe(expected);
  });

  it('has the options of its class under its own, and may be excluded', () => {
    class Type {}
    const [own, excluded, none] = [() => 1, () => 2, () => 3];
    declareHttpCache(Type, { ttl: '1m', query: ['a'] });
    declareHttpCache(own, { query: ['b'] });
    declareHttpCache(excluded, false);
    expect(httpCacheOptionsOf(own, Type)).toEqual({ ttl: '1m', query: ['b'] });
    expect(httpCacheOptionsOf(none, Type)).toEqual({ ttl: '1m', query: ['a'] });
    expect(httpCacheOptionsOf(excluded, Type)).toBe(false);
    expect(httpCacheOptionsOf(none, class {})).toEqual({});
  });

  it.each([
    [{ ttl: 0 }, '@HttpCache().ttl'],
    [{ querry: [] }, '@HttpCache().querry'],
    [{ headers: ['Set-Cookie'] }, '@HttpCache().headers'],
    [{ statuses: { 500: '1m' } }, '@HttpCache().statuses'],
    [{ varyBy: { headers: ['a b'] } }, '@HttpCache().varyBy.headers'],
    [{ cacheControl: { maxAge: 'soon' } }, '@HttpCache().cacheControl.maxAge'],
  ])('refuses the options %j by their path', (options, path) => {
    const declare = () => declareHttpCache(() => 1, options as never);
    expect(declare).toThrow(ConfigurationError);
    expect(declare).toThrow(path);
  });
});

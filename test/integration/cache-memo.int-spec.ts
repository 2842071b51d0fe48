import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Param, UseGuards, UseInterceptors } from '@nestjs/common';
import type { CanActivate, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { CacheMemoInterceptor, CacheMemoMiddleware, CacheService } from 'nestjs-redis-kit';
import { RedisServer } from 'nestjs-redis-kit/testing';
import {
  PLATFORMS,
  startHttpApplication,
  type HttpApplication,
} from '../support/http-application.js';

const read = (cache: CacheService) => cache.getOrSet('key', () => 'made');

@Injectable()
class ReadingGuard implements CanActivate {
  constructor(private readonly cache: CacheService) {}

  async canActivate(): Promise<boolean> {
    return (await read(this.cache)) !== undefined;
  }
}

@Controller()
class ReadingController {
  constructor(private readonly cache: CacheService) {}

  @UseGuards(ReadingGuard)
  @Get('middleware/:times')
  guarded(@Param('times') times: string) {
    return this.#read(Number(times));
  }

  @UseInterceptors(CacheMemoInterceptor)
  @Get('interceptor/:times')
  intercepted(@Param('times') times: string) {
    return this.#read(Number(times));
  }

  @Get('without/:times')
  without(@Param('times') times: string) {
    return this.#read(Number(times));
  }

  async #read(times: number): Promise<string> {
    for (let i = 1; i < times; i++) await read(this.cache);
    return read(this.cache);
  }
}

class MemoModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(CacheMemoMiddleware).forRoutes('middleware/:times');
  }
}

describe.each(PLATFORMS)('what a request keeps [%s]', (platform) => {
  let redis: RedisServer;
  let http: HttpApplication;
  const hits: string[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    http = await startHttpApplication(
      platform,
      {
        url: redis.url,
        caches: { default: { memo: true, deadline: '10s' } },
        onEvents: { 'cache.hit': ({ tier }) => void hits.push(tier) },
      },
      { imports: [MemoModule], controllers: [ReadingController], providers: [ReadingGuard] },
    );
    await read(http.app.get(CacheService));
  });

  afterAll(async () => {
    await http?.app.close();
    await redis?.stop();
  });

  it.each([
    { path: '/middleware/3', expected: ['store', 'memory', 'memory', 'memory'] },
    { path: '/interceptor/3', expected: ['store', 'memory', 'memory'] },
    { path: '/without/3', expected: ['store', 'store', 'store'] },
  ])('$path', async ({ path, expected }) => {
    for (let request = 0; request < 2; request++) {
      hits.length = 0;
      expect(await (await http.request(path)).text()).toBe('made');
      expect(hits).toEqual(expected);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { CacheService, getCacheToken, RedisKitModule } from 'nestjs-redis-kit';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redis-kit/health';
import { RedisServer } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';

describe('the module', () => {
  it('works for features and health without being global', async () => {
    await using server = await RedisServer.start();
    const app = await startApplication(
      { url: server.url, isGlobal: false },
      {
        imports: [
          RedisHealthModule,
          RedisKitModule.forFeature({ caches: { prices: { deadline: '10s' } } }),
        ],
      },
    );
    const prices = app.get<CacheService>(getCacheToken('prices'), { strict: false });
    expect(await prices.set('key', 1)).toBe(true);
    const { redis } = await app.get(RedisHealthIndicator, { strict: false }).isHealthy('redis', {
      timeout: '10s',
    });
    expect(redis.status).toBe('up');
    await app.close();
  });
});

describe('ids in keys', () => {
  it('are left out of errors', async () => {
    await using server = await RedisServer.start();
    const seen: { key: string }[] = [];
    const app = await startApplication({
      url: server.url,
      caches: { default: { maxValueBytes: 10 } },
      onEvents: { 'cache.error': (event) => seen.push(event) },
    });
    const cache = app.get(CacheService);
    await cache.set('customer:jan@example.org', 'more than ten bytes');
    await cache.getOrSet('customer:jan@example.org', () => 'more than ten bytes');
    await app.close();
    expect(seen.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^customer:~[\w-]{12}$/),
      seen[0]?.key,
    ]);
    expect(JSON.stringify(seen)).not.toContain('jan');
  });
});

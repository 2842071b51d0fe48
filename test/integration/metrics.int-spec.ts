import { Controller, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, it } from '@jest/globals';
import { Counter, Registry } from 'prom-client';
import {
  CacheService,
  ConfigurationError,
  LockService,
  RateLimiter,
  RedisKitEvents,
  RedisKitModule,
  type RedisKitOptions,
} from 'nestjs-redis-kit';
import {
  RedisMetrics,
  RedisMetricsModule,
  type RedisMetricsOptions,
} from 'nestjs-redis-kit/metrics';
import {
  eventually,
  isolatedNamespace,
  RedisKitTestingModule,
  RedisServer,
} from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../support/describe-topologies.js';
import { readExposition, type Samples } from '../support/exposition.js';
import { gate } from '../support/gate.js';

const PATIENCE = { within: 30_000 };

async function listening(
  options: RedisKitOptions,
  metrics: RedisMetricsOptions = {},
  platform: 'express' | 'fastify' = 'express',
): Promise<INestApplication> {
  @Controller()
  class NoController {}
  @Module({
    imports: [
      RedisKitModule.forRoot({ namespace: isolatedNamespace(), ...options }),
      RedisMetricsModule.forRoot({ registry: new Registry(), ...metrics }),
    ],
    controllers: [NoController],
  })
  class AppModule {}
  const app =
    platform === 'express'
      ? await NestFactory.create(AppModule, { logger: false, abortOnError: false })
      : await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

async function scrape(app: INestApplication): Promise<Samples> {
  const response = await fetch(`${await app.getUrl()}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return readExposition(await response.text());
}

/** The sum of all series of this name whose labels include these. */
function valueOf(samples: Samples, name: string, ...labels: string[]): number | undefined {
  const found = [...samples].filter(
    ([series]) => series.startsWith(`${name}{`) && labels.every((label) => series.includes(label)),
  );
  return found.length === 0 ? undefined : found.reduce((sum, [, value]) => sum + value, 0);
}

describeTopologies('metrics', (topology) => {
  it('tell of every server, and that they are down when they are', async () => {
    const app = await listening({
      connections: { default: topology.connectionOptions() },
      monitoring: { timeout: '2s' },
    });
    try {
      const masters = await topology.masters();
      const servers = topology.name === 'cluster' ? 6 : 1;
      await eventually(async () => {
        expect(valueOf(await scrape(app), 'redis_up')).toBe(servers);
      }, PATIENCE);
      const samples = await scrape(app);
      for (const { host, port } of masters) {
        expect(
          valueOf(samples, 'redis_memory_used_bytes', `node="${host}:${port}"`),
        ).toBeGreaterThan(0);
      }
      // A counter of the server is told as it is, not added up scrape by scrape.
      for (const master of masters) {
        const node = `node="${master.host}:${master.port}"`;
        const told = valueOf(await scrape(app), 'redis_commands_total', 'cmd="info"', node);
        expect(told).toBeGreaterThan(0);
        expect(told).toBeLessThanOrEqual(await master.commandCount('info'));
      }
      await topology.killAll();
      await eventually(async () => {
        const dead = await scrape(app);
        expect(valueOf(dead, 'redis_up')).toBe(0);
        for (const { host, port } of masters) {
          expect(valueOf(dead, 'redis_up', `node="${host}:${port}"`)).toBe(0);
        }
        expect(valueOf(dead, 'redis_memory_used_bytes')).toBeUndefined();
        expect(valueOf(dead, 'rediskit_connection_lost_total')).toBeGreaterThan(0);
      }, PATIENCE);
      await topology.restartAll();
      await eventually(async () => {
        expect(valueOf(await scrape(app), 'redis_up')).toBe(servers);
      }, PATIENCE);
    } finally {
      await topology.restartAll();
      await app.close();
    }
  });
});

describe('metrics', () => {
  it.each(['express', 'fastify'] as const)('count what happens, told by %s', async (platform) => {
    await using server = await RedisServer.start();
    const app = await listening({ url: server.url, connect: 'require' }, {}, platform);
    try {
      const cache = app.get(CacheService);
      const slow = gate<number>();
      const first = cache.getOrSet('key', slow.factory);
      await slow.entered;
      const others = [1, 2].map(() => cache.getOrSet('key', slow.factory));
      slow.open(1);
      await Promise.all([first, ...others]);
      await cache.getOrSet('key', () => 2);
      await cache.invalidateTags('a-tag-of-someone');
      await app.get(LockService).withLock('order-of-someone', { lease: '30s' }, async () => 1);
      const policy = { name: 'logins', limit: 1, per: '1h' } as const;
      for (let i = 0; i < 3; i++) await app.get(RateLimiter).consume('ip-of-someone', [policy]);

      const samples = await scrape(app);
      const value = (name: string, ...labels: string[]) =>
        valueOf(samples, `rediskit_${name}`, ...labels);
      expect(value('cache_misses_total', 'cache="default"', 'reason="absent"')).toBe(3);
      expect(value('cache_stampedes_avoided_total')).toBe(2);
      expect(value('cache_hits_total', 'tier="store"')).toBe(1);
      expect(value('cache_miss_duration_seconds_count')).toBe(3);
      expect(value('cache_invalidations_total', 'scope="tag"')).toBe(1);
      expect(value('cache_pending_invalidations', 'cache="default"')).toBe(0);
      expect(value('lock_wait_duration_seconds_count', 'outcome="acquired"')).toBe(1);
      expect(value('lock_hold_duration_seconds_count', 'outcome="released"')).toBe(1);
      expect(value('rate_limit_decisions_total', 'policy="logins"', 'outcome="allowed"')).toBe(1);
      expect(value('rate_limit_decisions_total', 'policy="logins"', 'outcome="denied"')).toBe(2);
      expect(JSON.stringify([...samples])).not.toContain('someone');
    } finally {
      await app.close();
    }
  });

  it('have no more series than they may, whatever the labels are', async () => {
    await using server = await RedisServer.start();
    const app = await listening({ url: server.url }, { maxSeries: 5 });
    try {
      const events = app.get(RedisKitEvents);
      for (let i = 0; i < 1_000; i++) {
        events.emit('cache.hit', { cache: `c${i}`, key: 'k', tier: 'store', durationMs: 1 });
        events.emit('cache.refreshed', { cache: 'c', key: 'k', durationMs: i === 0 ? NaN : -1 });
      }
      const samples = await scrape(app);
      const hits = [...samples].filter(([series]) =>
        series.startsWith('rediskit_cache_hits_total'),
      );
      expect(hits).toHaveLength(6);
      expect(valueOf(samples, 'rediskit_cache_hits_total', 'cache="other"')).toBe(995);
      expect(valueOf(samples, 'rediskit_cache_hits_total')).toBe(1_000);
      expect(valueOf(samples, 'rediskit_cache_refresh_duration_seconds_count')).toBeUndefined();
    } finally {
      await app.close();
    }
  });

  it("stand beside the application's own, and leave the registry as they found it", async () => {
    await using server = await RedisServer.start();
    const registry = new Registry();
    const own = new Counter({ name: 'orders_total', help: 'Orders', registers: [registry] });
    own.inc();
    const app = await listening({ url: server.url }, { registry });
    expect(valueOf(await scrape(app), 'redis_up')).toBeDefined();
    const again = listening({ url: server.url }, { registry });
    await expect(again).rejects.toThrow(ConfigurationError);
    await app.close();
    expect((await registry.getMetricsAsJSON()).map(({ name }) => name)).toEqual(['orders_total']);
    const reopened = await listening(
      { url: server.url, connect: 'lazy' },
      { registry, servers: false },
    );
    const text = await reopened.get(RedisMetrics).text();
    expect(text).toContain('orders_total 1');
    expect(text).not.toContain('redis_up');
    await reopened.close();
  });

  it('have options that are checked', () => {
    const refused = (options: object) => () => RedisMetricsModule.forRoot(options);
    expect(refused({ path: 'a path' })).toThrow(/RedisMetricsModule\.forRoot\(\)\.path/);
    expect(refused({ registry: {} })).toThrow(/a Registry of prom-client/);
    expect(refused({ maxSeries: 0 })).toThrow(/maxSeries/);
    expect(RedisMetricsModule.forRoot({ path: false }).controllers).toEqual([]);
  });

  it('work without Redis in the testing module', async () => {
    @Module({
      imports: [
        RedisKitTestingModule.forRoot(),
        RedisMetricsModule.forRoot({ registry: new Registry(), path: false }),
      ],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    await app.get(CacheService).getOrSet('key', () => 1);
    const samples = readExposition(await app.get(RedisMetrics).text());
    expect(valueOf(samples, 'rediskit_cache_misses_total')).toBe(1);
    expect(valueOf(samples, 'redis_up')).toBeUndefined();
    await app.close();
  });
});

import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import {
  CacheService,
  ConfigurationError,
  getCacheToken,
  getRedisToken,
  InjectCache,
  InjectRedis,
  RedisKitEvents,
  RedisKitModule,
  RedisUnavailableError,
  type RedisClient,
} from 'nestjs-redis-kit';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redis-kit/health';
import { eventually, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';
import { RedisConnections } from '../../libs/redis-kit/src/core/connections/redis-connections.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

describeTopologies('connections', (topology) => {
  it('answer on the injected client, and health says so', async () => {
    const app = await startApplication(
      { connections: { default: topology.connectionOptions() } },
      { imports: [RedisHealthModule] },
    );
    try {
      const redis = app.get<RedisClient>(getRedisToken());
      expect(await redis.set('{a}key', 'value', 'PX', 10_000)).toBe('OK');
      expect(await redis.get('{a}key')).toBe('value');
      expect(app.get(RedisConnections).get().masters()).toHaveLength(
        topology.name === 'cluster' ? 3 : 1,
      );
      const health = app.get(RedisHealthIndicator);
      expect(await health.isHealthy('redis')).toMatchObject({
        redis: { status: 'up', connection: 'default', topology: topology.name },
      });
      topology.pauseAll();
      const startedAt = performance.now();
      const result = await health.isHealthy('redis', { timeout: 200 });
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      expect(result.redis.status).toBe('down');
      await topology.resumeAll();
      await eventually(
        async () => expect((await health.isHealthy('redis')).redis.status).toBe('up'),
        { within: 10_000 },
      );
    } finally {
      await app.close();
    }
  });

  it('start without Redis, are not ready, and recover by themselves', async () => {
    await topology.killAll();
    const app = await startApplication(
      { connections: { default: { ...topology.connectionOptions(), connectTimeout: 200 } } },
      { imports: [RedisHealthModule] },
    );
    try {
      const health = app.get(RedisHealthIndicator);
      expect((await health.isHealthy('redis')).redis.status).toBe('down');
      const cache = app.get(CacheService);
      expect(await cache.getOrSet('key', () => 'database')).toBe('database');
      await topology.restartAll();
      await eventually(
        async () => {
          expect((await health.isHealthy('redis')).redis.status).toBe('up');
          await cache.getOrSet('other', () => 'database');
          expect(await cache.get('other')).toBe('database');
        },
        { within: 10_000 },
      );
    } finally {
      await app.close();
    }
  });

  it('read blocking on a link of their own', async () => {
    const app = await startApplication({
      connections: { default: topology.connectionOptions() },
    });
    try {
      const connection = app.get(RedisConnections).get();
      const blocking = connection.openBlocking('{queue}');
      const read = (key: string) => blocking.run(5_000, (client) => client.blpop(key, 5));
      const first = read('{queue}a');
      await topology.admin.rpush('{queue}a', 'one');
      expect(await first).toEqual(['{queue}a', 'one']);
      expect(await blocking.run(50, (client) => client.blpop('{queue}a', 0.05))).toBeNull();
      await expect(blocking.run(0, (client) => client.blpop('{queue}a', 0))).rejects.toThrow(
        /above 0/,
      );
      const interrupted = read('{queue}a').catch((error: unknown) => error);
      // A blocking read in progress holds up nobody else.
      expect(await connection.command.get('{queue}c')).toBeNull();
      blocking.interrupt();
      expect(await interrupted).toBeInstanceOf(RedisUnavailableError);
      await topology.admin.rpush('{queue}b', 'two');
      expect(await read('{queue}b')).toEqual(['{queue}b', 'two']);
    } finally {
      await app.close();
    }
  });
});

describe('boot policy', () => {
  it("'require' refuses to start without Redis, and leaves nothing open", async () => {
    await expect(
      startApplication({
        url: 'redis://:hidden-secret@127.0.0.1:1',
        connect: 'require',
        connections: { default: { connectTimeout: 50 } },
      }),
    ).rejects.toThrow(/redis:\/\/127\.0\.0\.1:1.*not to start without it/);
  });

  it("'lazy' opens nothing until the first command", async () => {
    await using server = await RedisServer.start();
    const proxy = await TcpProxy.start({ host: server.host, port: server.port });
    const app = await startApplication({ url: proxy.url, connect: 'lazy' });
    expect(proxy.connections).toBe(0);
    await app.get(CacheService).set('key', 'value');
    expect(proxy.connections).toBeGreaterThan(0);
    await app.close();
    await proxy.stop();
  });
});

describe('two applications in one process', () => {
  it('share nothing, and closing one leaves the other alone', async () => {
    await using server = await RedisServer.start();
    const one = await startApplication({ url: server.url });
    const two = await startApplication({ url: server.url });
    await one.get(CacheService).set('key', 'one');
    expect(await two.get(CacheService).get('key')).toBeUndefined();
    await one.close();
    expect(await two.get(CacheService).set('key', 'two')).toBe(true);
    expect(await two.get(CacheService).get('key')).toBe('two');
    await two.close();
  });
});

@Injectable()
class Consumer {
  constructor(
    @InjectRedis('sessions') readonly sessions: RedisClient,
    @InjectCache('catalog') readonly catalog: CacheService,
  ) {}
}

describe('configuration', () => {
  it('names connections and caches; one without a target is the same server with its own database', async () => {
    await using server = await RedisServer.start();
    const app = await startApplication(
      { url: server.url, connections: { sessions: { db: 3 } }, caches: { catalog: { ttl: '1m' } } },
      { providers: [Consumer] },
    );
    const { sessions, catalog } = app.get(Consumer);
    await sessions.set('key', 'value', 'PX', 10_000);
    expect(catalog.name).toBe('catalog');
    const admin = server.client();
    await admin.select(3);
    expect(await admin.get('key')).toBe('value');
    await app.close();
  });

  it('comes from a factory, whose names must be declared', async () => {
    await using server = await RedisServer.start();
    const boot = (cacheNames: string[]) => {
      @Module({
        imports: [
          RedisKitModule.forRootAsync({
            cacheNames,
            useFactory: async () => ({ url: server.url, caches: { catalog: { ttl: '1m' } } }),
          }),
        ],
      })
      class AsyncModule {}
      return NestFactory.createApplicationContext(AsyncModule, {
        logger: false,
        abortOnError: false,
      });
    };
    const app = await boot(['catalog']);
    expect(await app.get<CacheService>(getCacheToken('catalog')).set('a', 1)).toBe(true);
    await app.close();
    await expect(boot([])).rejects.toThrow(/cacheNames/);
  });

  it('gives one module caches of its own', async () => {
    await using server = await RedisServer.start();
    const app = await startApplication(
      { url: server.url },
      { imports: [RedisKitModule.forFeature({ caches: { prices: { ttl: '1m' } } })] },
    );
    expect(app.get<CacheService>(getCacheToken('prices'), { strict: false }).name).toBe('prices');
    await app.close();
  });

  it('is refused when the module is set up twice', async () => {
    await expect(
      startApplication(
        { connect: 'lazy' },
        { imports: [RedisKitModule.forRoot({ connect: 'lazy' })] },
      ),
    ).rejects.toThrow(/set up 2 times/);
  });

  it('is refused at boot with the path of each wrong value', () => {
    expect(() => RedisKitModule.forRoot({ caches: { a: { ttl: 'soon' as never } } })).toThrow(
      ConfigurationError,
    );
    expect(() => RedisKitModule.forRoot({ caches: { a: { ttl: 'soon' as never } } })).toThrow(
      /forRoot\(\)\.caches\.a\.ttl: got "soon", expected a duration/,
    );
  });
});

describe('secrets', () => {
  it('appear in no error, event or health result when authentication fails', async () => {
    await using server = await RedisServer.start({ config: { requirepass: 'right-password' } });
    const secret = 'wrong-password-123';
    const seen: unknown[] = [];
    const app = await startApplication(
      {
        connections: {
          default: { host: server.host, port: server.port, password: secret, connectTimeout: 200 },
        },
        onEvents: {
          'connection.failed': (event) => seen.push(event),
          'circuit.opened': (event) => seen.push(event),
          'cache.error': (event) => seen.push(event),
        },
      },
      { imports: [RedisHealthModule] },
    );
    const cache = app.get(CacheService);
    expect(await cache.getOrSet('key', () => 'value')).toBe('value');
    seen.push(await app.get(RedisHealthIndicator).isHealthy('redis', { timeout: 300 }));
    await app.close();
    expect(seen.length).toBeGreaterThan(1);
    expect(JSON.stringify(seen)).toMatch(/WRONGPASS|invalid username-password/i);
    expect(JSON.stringify(seen)).not.toContain(secret);
  });

  it('of an ACL user let the application in', async () => {
    await using server = await RedisServer.start();
    const admin = server.client();
    await admin.acl('SETUSER', 'shop', 'on', '>p@ss:w/rd', '~*', '&*', '+@all');
    const app = await startApplication({
      url: `redis://shop:${encodeURIComponent('p@ss:w/rd')}@${server.host}:${server.port}`,
    });
    expect(await app.get<Redis>(getRedisToken()).acl('WHOAMI')).toBe('shop');
    await app.close();
  });
});

describe('a command', () => {
  it('that timed out while the link was down is not executed later', async () => {
    await using server = await RedisServer.start();
    const proxy = await TcpProxy.start({ host: server.host, port: server.port });
    const app = await startApplication({
      connections: { default: { url: proxy.url, commandTimeout: 300 } },
    });
    const redis = app.get<Redis>(getRedisToken());
    await redis.set('counter', '0', 'PX', 60_000);
    await proxy.cut({ refuse: true });
    await eventually(() => expect(redis.status).toBe('reconnecting'));
    await expect(redis.incr('counter')).rejects.toThrow(/timed out/);
    await proxy.heal();
    await eventually(async () => expect(await redis.get('counter')).toBe('0'), { within: 5_000 });
    await app.close();
    await proxy.stop();
  });

  it('whose reply was lost fails at once and runs once', async () => {
    await using server = await RedisServer.start();
    const proxy = await TcpProxy.start({ host: server.host, port: server.port });
    const app = await startApplication({ url: proxy.url });
    const redis = app.get<Redis>(getRedisToken());
    await redis.set('counter', '0', 'PX', 60_000);
    proxy.dropReplies();
    const lost = redis.incr('counter').catch((error: unknown) => error);
    const admin = server.client();
    await eventually(async () => expect(await admin.get('counter')).toBe('1'));
    await proxy.cut();
    await proxy.heal();
    expect(await lost).toBeInstanceOf(RedisUnavailableError);
    await eventually(async () => expect(await redis.get('counter')).toBe('1'), { within: 5_000 });
    await app.close();
    await proxy.stop();
  });

  it('on a half-open link times out, and the link is replaced', async () => {
    await using server = await RedisServer.start();
    const proxy = await TcpProxy.start({ host: server.host, port: server.port });
    const app = await startApplication({
      connections: { default: { url: proxy.url, commandTimeout: 300 } },
    });
    const redis = app.get<Redis>(getRedisToken());
    await redis.ping();
    proxy.blackhole({ existingOnly: true });
    await expect(redis.ping()).rejects.toThrow();
    await eventually(async () => expect(await redis.ping()).toBe('PONG'), { within: 5_000 });
    await app.close();
    await proxy.stop();
  });
});

describe('events', () => {
  it('tell when a connection is lost and ready again', async () => {
    await using server = await RedisServer.start();
    const app = await startApplication({ url: server.url });
    const told: string[] = [];
    const events = app.get(RedisKitEvents);
    events.on('connection.lost', ({ role }) => told.push(`lost ${role}`));
    events.on('connection.ready', ({ role }) => told.push(`ready ${role}`));
    await server.killClients({ type: 'normal' });
    await eventually(() =>
      expect([...told].sort()).toEqual([
        'lost cache',
        'lost command',
        'ready cache',
        'ready command',
      ]),
    );
    await app.close();
  });
});

describe('a client that ended without being told to', () => {
  it('is started again', async () => {
    await using server = await RedisServer.start();
    const app = await startApplication({ url: server.url });
    const redis = app.get<Redis>(getRedisToken());
    redis.disconnect();
    await eventually(() => expect(redis.status).toBe('end'));
    await eventually(async () => expect(await redis.ping()).toBe('PONG'), { within: 5_000 });
    await app.close();
    await eventually(() => expect(redis.status).toBe('end'));
  });
});

import { inspect } from 'node:util';
import { Controller, Inject, Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  Cacheable,
  CacheService,
  ConfigurationError,
  getCacheToken,
  getRedisToken,
  InjectCache,
  InjectRedis,
  RedisKitEvents,
  RedisKitModule,
  RedisMonitor,
  type RedisClient,
} from 'nestjs-redis-kit';
import { RedisKitTestingModule, type RedisKitTestingOptions } from 'nestjs-redis-kit/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RedisConnections } from '../core/connections/redis-connections.js';

@Injectable()
class Prices {
  runs = 0;

  constructor(
    readonly cache: CacheService,
    @InjectRedis() readonly redis: RedisClient,
  ) {}

  @Cacheable({ key: 'price:{id}', tags: ['prices'] })
  async of(id: number): Promise<number> {
    this.runs += 1;
    return id * 2;
  }
}

@Controller()
class PricesController {
  constructor(@InjectCache('catalog') readonly catalog: CacheService) {}
}

let module: TestingModule | undefined;

afterEach(async () => {
  await module?.close();
  module = undefined;
});

async function start(
  options: RedisKitTestingOptions = {},
  metadata: Parameters<typeof Test.createTestingModule>[0] = {},
): Promise<TestingModule> {
  module = await Test.createTestingModule({
    ...metadata,
    imports: [RedisKitTestingModule.forRoot(options), ...(metadata.imports ?? [])],
  }).compile();
  await module.init();
  return module;
}

describe('the testing module', () => {
  it('has a monitor that is healthy, and has no servers to tell of', async () => {
    const monitor = (await start()).get(RedisMonitor);
    expect(await monitor.healthCheck()).toMatchObject({
      status: 'healthy',
      topology: 'memory',
      responseTimeMs: null,
      unanswered: [],
    });
    const reports = await Promise.all([
      monitor.info(),
      monitor.memory(),
      monitor.slowLog(),
      monitor.keyStatistics(),
      monitor.latency(),
    ]);
    for (const report of reports) expect(report).toMatchObject({ nodes: [], total: null });
    expect((await monitor.hitRatio()).ratio).toBeNull();
    expect((await monitor.streamGroups()).groups).toEqual([]);
  });

  it('gives every service in memory: caches, named ones, decorators and events', async () => {
    const misses: string[] = [];
    const app = await start(
      {
        caches: { catalog: { ttl: '1h' } },
        onEvents: { 'cache.miss': ({ key }) => misses.push(key) },
      },
      { providers: [Prices], controllers: [PricesController] },
    );
    const prices = app.get(Prices);
    expect([await prices.of(1), await prices.of(1), prices.runs]).toEqual([2, 2, 1]);
    expect(await prices.cache.get('price:1')).toBe(2);
    await prices.cache.invalidateTags('prices');
    expect([await prices.of(1), prices.runs]).toEqual([2, 2]);
    expect(misses).toEqual(['price:1', 'price:1']);
    const { catalog } = app.get(PricesController);
    expect(catalog.name).toBe('catalog');
    expect(catalog).toBe(app.get(getCacheToken('catalog')));
    expect(app.get(RedisKitEvents).has('cache.miss')).toBe(true);
  });

  it('keeps caches in memory although their options say Redis', async () => {
    const options = { store: 'redis', connection: 'shared' } as const;
    const app = await start({ caches: { a: options }, connectionNames: ['shared'] });
    const cache = app.get<CacheService>(getCacheToken('a'));
    expect(await cache.set('key', 1)).toBe(true);
    expect(await cache.get('key')).toBe(1);
  });

  it('freezes the values of caches with an l1, as the application will, and no others', async () => {
    const app = await start({ caches: { default: {}, settings: { l1: {} } } });
    const isFrozen = async (cache: CacheService) => {
      const made = await cache.getOrSet('key', () => ({ list: [{ a: 1 }] }));
      const read = (await cache.get<{ list: object[] }>('key'))!;
      return [made, read].flatMap((value) => [value, value.list[0]].map(Object.isFrozen));
    };
    const settings = app.get<CacheService>(getCacheToken('settings'));
    expect((await isFrozen(settings)).slice(2)).toEqual([true, true]);
    expect(await isFrozen(app.get(CacheService))).toEqual([false, false, false, false]);
  });

  it('works with caches of a feature, and shares nothing between modules of that name', async () => {
    @Injectable()
    class Orders {
      constructor(@InjectCache('orders') readonly cache: CacheService) {}
    }
    @Module({
      imports: [RedisKitModule.forFeature({ caches: { orders: { ttl: '1s' } } })],
      providers: [Orders],
      exports: [Orders],
    })
    class OrdersModule {}
    const first = await start({}, { imports: [OrdersModule] });
    const second = await Test.createTestingModule({
      imports: [RedisKitTestingModule.forRoot(), OrdersModule],
    }).compile();
    await first.get(Orders).cache.set('key', 'first');
    expect(await second.get(Orders).cache.get('key')).toBeUndefined();
    expect(await first.get(Orders).cache.get('key')).toBe('first');
    await second.close();
  });

  it.each([
    [
      { caches: { a: { ttll: 1 } } },
      'RedisKitTestingModule.forRoot().caches.a.ttll: got a number, expected no such option',
    ],
    [{ caches: { a: { ttl: 0 } } }, 'RedisKitTestingModule.forRoot().caches.a.ttl: got 0'],
    [
      { caches: { a: { connection: 'b' } } },
      'caches.a.connection: got "b", expected one of default',
    ],
    [{ connectionNames: 'a' }, 'RedisKitTestingModule.forRoot().connectionNames: got "a"'],
    [{ onEvents: { 'cache.hit': 1 } }, 'RedisKitTestingModule.forRoot().onEvents: got an object'],
    [{ namespace: 'x' }, 'RedisKitTestingModule.forRoot().namespace: got text'],
  ])('refuses what the real one refuses: %j', (options, message) => {
    const act = () => RedisKitTestingModule.forRoot(options as RedisKitTestingOptions);
    expect(act).toThrow(ConfigurationError);
    expect(act).toThrow(message);
  });

  it('listens to the environment in nothing', async () => {
    const before = process.env['REDIS_URL'];
    process.env['REDIS_URL'] = 'nonsense';
    try {
      await expect(start()).resolves.toBeDefined();
    } finally {
      if (before === undefined) delete process.env['REDIS_URL'];
      else process.env['REDIS_URL'] = before;
    }
  });
});

describe('a client without Redis', () => {
  it('can be injected, awaited, printed and handed on, by its name', async () => {
    @Injectable()
    class Sessions {
      constructor(
        @InjectRedis() readonly main: RedisClient,
        @InjectRedis('sessions') readonly sessions: RedisClient,
        @Inject(getRedisToken('sessions')) readonly same: RedisClient,
      ) {}
    }
    const app = await start({ connectionNames: ['sessions'] }, { providers: [Sessions] });
    const { main, sessions, same } = app.get(Sessions);
    expect(await sessions).toBe(same);
    expect(main).not.toBe(sessions);
    expect(inspect(main)).toContain('{}');
    expect(JSON.stringify({ main })).toBe('{"main":{}}');
    expect({ main }).toEqual({ main });
    expect('nodes' in main).toBe(false);
  });

  it('throws at every use, and says what to do', async () => {
    const app = await start({ connectionNames: ['sessions'] });
    const client = app.get<RedisClient>(getRedisToken('sessions'));
    const uses: (() => unknown)[] = [
      () => client.get('key'),
      () => client.status,
      () => client.options,
      () => client.on('ready', () => undefined),
      () => client.pipeline().get('key'),
      () => (client as unknown as { myCommand(): void }).myCommand(),
      () => Object.assign(client, { name: 'mine' }),
    ];
    for (const use of uses) {
      expect(use).toThrow(ConfigurationError);
      expect(use).toThrow('RedisKitTestingModule has no Redis, so');
      expect(use).toThrow('Start a real one with RedisServer.start(), or override');
      expect(use).toThrow("getRedisToken('sessions')");
    }
    await expect((async () => client.set('key', 'value'))()).rejects.toThrow("so 'set' of");
  });

  it('can be overridden with a double', async () => {
    const double = { get: async () => 'value' };
    module = await Test.createTestingModule({
      imports: [RedisKitTestingModule.forRoot()],
      providers: [Prices],
    })
      .overrideProvider(getRedisToken())
      .useValue(double)
      .compile();
    expect(await module.get(Prices).redis.get('key')).toBe('value');
  });

  it('stands for the connections too, so that health is down with a reason instead of a failed boot', async () => {
    const app = await start();
    expect(() => app.get(RedisConnections).get()).toThrow(
      "so 'get' of RedisConnections cannot work",
    );
  });
});

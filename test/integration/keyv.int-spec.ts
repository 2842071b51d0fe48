import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CACHE_MANAGER, CacheInterceptor, CacheModule, type Cache } from '@nestjs/cache-manager';
import { Controller, Get, Inject, Param, UseInterceptors } from '@nestjs/common';
import { CacheService, getCacheToken } from 'nestjs-redis-kit';
import { createKeyv } from 'nestjs-redis-kit/keyv';
import { eventually, keysWithoutExpiry } from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../support/describe-topologies.js';
import { startHttpApplication, type HttpApplication } from '../support/http-application.js';

/** What is answered is tried here, not how fast: a busy machine must not look like an outage. */
const PATIENT = { deadline: '10s', invalidationDeadline: '10s' } as const;

@Controller()
class PricesController {
  calls = 0;

  constructor(@Inject(CACHE_MANAGER) readonly manager: Cache) {}

  @UseInterceptors(CacheInterceptor)
  @Get('prices/:id')
  price(@Param('id') id: string) {
    this.calls += 1;
    return { id, at: this.calls };
  }
}

describeTopologies('CacheModule of @nestjs/cache-manager on a cache', (topology) => {
  let http: HttpApplication;
  let controller: PricesController;
  let manager: Cache;
  let cache: CacheService;

  beforeAll(async () => {
    http = await startHttpApplication(
      'express',
      {
        connections: { default: topology.connectionOptions() },
        caches: { nest: { ...PATIENT, ttl: '1h' } },
      },
      {
        imports: [
          CacheModule.registerAsync({
            inject: [getCacheToken('nest')],
            useFactory: (nest: CacheService) => ({ stores: [createKeyv(nest)] }),
          }),
        ],
        controllers: [PricesController],
      },
    );
    controller = http.app.get(PricesController);
    manager = controller.manager;
    cache = http.app.get<CacheService>(getCacheToken('nest'));
    // In the first moments what was invalidated is invalidated once more, and what was stored since is lost.
    await eventually(() => cache.localMemory === 'armed', { within: 20_000 });
  });

  afterAll(async () => {
    await http?.app.close();
  });

  it('answers requests from the cache', async () => {
    const first = await http.request('/prices/1');
    expect(await first.json()).toEqual({ id: '1', at: 1 });
    // The interceptor stores behind the response.
    await eventually(async () => (await manager.get('/prices/1')) !== undefined);
    const second = await http.request('/prices/1');
    expect(second.headers.get('x-cache')).toBe('HIT');
    expect(await second.json()).toEqual({ id: '1', at: 1 });
    expect(controller.calls).toBe(1);
  });

  it('does all that the cache manager asks for', async () => {
    const at = new Date(1_700_000_000_000);
    await manager.set('set', { at }, 60_000);
    expect(await manager.get('set')).toEqual({ at });
    await manager.mset([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ]);
    expect(await manager.mget(['b', 'absent', 'a'])).toEqual([2, undefined, 1]);
    expect(await manager.ttl('set')).toBeGreaterThan(Date.now());
    expect(await manager.wrap('wrapped', async () => 'made')).toBe('made');
    expect(await manager.wrap('wrapped', async () => 'made again')).toBe('made');
    await manager.del('a');
    await manager.mdel(['b', 'set']);
    expect(await manager.mget(['a', 'b', 'set'])).toEqual([undefined, undefined, undefined]);
  });

  it('stores it in Redis as entries of the cache, all of which expire', async () => {
    await manager.set('entry', 'value', 60_000);
    expect((await cache.lookup('keyv:entry')).hit).toBe(true);
    // A Cluster client knows its masters from its first command on.
    await topology.admin.ping();
    expect(await keysWithoutExpiry(topology.admin, '*')).toEqual([]);
  });

  it('is cleared by the cache manager, and leaves what others have in the cache', async () => {
    await manager.set('mine', 1);
    await cache.set('of somebody else', 2);
    await manager.clear();
    expect(await manager.get('mine')).toBeUndefined();
    expect(await cache.get('of somebody else')).toBe(2);
  });

  it('takes keys and values of every kind', async () => {
    for (const key of ['{a}b', 'a:b', '*?[a]', 'a\nb', '🔑 clé', 'x'.repeat(10_000)]) {
      await manager.set(key, { key });
      expect(await manager.get(key)).toEqual({ key });
    }
  });
});

describeTopologies(
  'CacheModule of @nestjs/cache-manager on a cache without Redis',
  (topology) => {
    it('answers requests from their handlers', async () => {
      const http = await startHttpApplication(
        'fastify',
        { connections: { default: topology.connectionOptions() } },
        {
          imports: [
            CacheModule.registerAsync({
              inject: [CacheService],
              useFactory: (cache: CacheService) => ({ stores: [createKeyv(cache)] }),
            }),
          ],
          controllers: [PricesController],
        },
      );
      topology.pauseAll();
      try {
        for (const at of [1, 2, 3]) {
          expect(await (await http.request('/prices/1')).json()).toEqual({ id: '1', at });
        }
      } finally {
        await topology.resumeAll();
        await http.app.close();
      }
    });
  },
  { only: ['standalone'] },
);

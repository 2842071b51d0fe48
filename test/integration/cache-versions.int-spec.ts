import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { CacheService } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

const KEYS = ['key', 'a}b{c', 'x'.repeat(10_000)];

/** Three deployments of one application, of which each stores another form of its values. */
describeTopologies('caches of several schema versions', (topology) => {
  let apps: INestApplicationContext[];
  let caches: CacheService[];

  beforeAll(async () => {
    const namespace = isolatedNamespace();
    const start = (version: number) =>
      startApplication({
        namespace,
        connections: { default: topology.connectionOptions() },
        caches: {
          default: { version, l1: {}, deadline: '10s', invalidationDeadline: '10s' },
        },
      });
    apps = [await start(1), await start(2), await start(3)];
    caches = apps.map((app) => app.get(CacheService));
    // In the first moments what was invalidated is invalidated once more, and what was stored since is lost.
    await eventually(() => caches.every(({ localMemory }) => localMemory === 'armed'), {
      within: 20_000,
    });
  });

  afterAll(async () => {
    for (const app of apps ?? []) await app.close();
  });

  const fill = async (key: string) => {
    for (const [i, cache] of caches.entries()) {
      await cache.getOrSet(key, () => ({ form: i + 1 }), { tags: ['tag'], staleIfError: '1h' });
    }
  };
  const hits = (key: string) =>
    Promise.all(caches.map(async (cache) => (await cache.lookup(key)).hit));

  it.each(KEYS)('do not see, nor disturb, the values of each other', async (key) => {
    await fill(key);
    for (let again = 0; again < 2; again++) {
      for (const [i, cache] of caches.entries()) {
        const found = await cache.getOrSet(key, () => ({ form: 'made anew' }), { tags: ['tag'] });
        expect(found).toEqual({ form: i + 1 });
      }
    }
  });

  describe.each([
    { by: 'delete', invalidate: (cache: CacheService, key: string) => cache.delete(key) },
    { by: 'expire', invalidate: (cache: CacheService, key: string) => cache.expire(key) },
  ])('by $by', ({ invalidate }) => {
    it.each(KEYS)('reach the version before and the version after', async (key) => {
      for (const [i, cache] of caches.entries()) {
        await fill(key);
        expect(await invalidate(cache, key)).toBe(true);
        const expected = caches.map((_, other) => Math.abs(other - i) > 1);
        // What another process keeps in memory goes when it hears of it.
        await eventually(async () => expect(await hits(key)).toEqual(expected));
      }
    });
  });

  it.each([
    { by: 'invalidateTags', invalidate: (cache: CacheService) => cache.invalidateTags('tag') },
    { by: 'clear', invalidate: (cache: CacheService) => cache.clear() },
  ])('reach all versions by $by', async ({ invalidate }) => {
    for (const cache of caches) {
      await fill('key');
      await invalidate(cache);
      await eventually(async () => expect(await hits('key')).toEqual([false, false, false]));
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { CacheService } from 'nestjs-redis-kit';
import { cacheContract, cacheStoreContract, keysWithoutExpiry } from 'nestjs-redis-kit/testing';
import { RedisCacheStore } from '../../libs/redis-kit/src/cache/stores/redis-cache.store.js';
import { RedisConnections } from '../../libs/redis-kit/src/core/connections/redis-connections.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

/** Milliseconds that entries live whose end is waited for: several steps to a busy server take less. */
const SHORT_TTL_MS = 500;

describeTopologies('the contract', (topology) => {
  const connections = () => ({ default: topology.connectionOptions() });

  describe('of a cache store', () => {
    let app: INestApplicationContext;
    const failures: unknown[] = [];

    beforeAll(async () => {
      app = await startApplication({ connections: connections() });
    });

    afterAll(async () => {
      await app.close();
    });

    const contract = cacheStoreContract(
      async () => ({
        store: new RedisCacheStore(app.get(RedisConnections).get(), (operation, _key, error) =>
          failures.push({ operation, error }),
        ),
        dispose: async () => undefined,
      }),
      { shortTtlMs: SHORT_TTL_MS },
    );

    it.each([...contract])('$title', async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
      expect(failures).toEqual([]);
    });
  });

  describe('of a cache', () => {
    const contract = cacheContract(
      async (options) => {
        const app = await startApplication({
          connections: connections(),
          // What a cache answers is tried here, not how fast: a busy machine must not look like an outage.
          caches: { default: { deadline: '10s', invalidationDeadline: '10s', ...options } },
        });
        return { cache: app.get(CacheService), dispose: () => app.close() };
      },
      { shortTtlMs: SHORT_TTL_MS },
    );

    it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
  });

  it('leaves keys behind, of which each expires', async () => {
    // A Cluster client knows its masters from its first command on.
    await topology.admin.ping();
    const masters = await topology.masters();
    const sizes = await Promise.all(masters.map((master) => master.client().dbsize()));
    expect(Math.max(...sizes)).toBeGreaterThan(0);
    expect(await keysWithoutExpiry(topology.admin, '*')).toEqual([]);
  });
});

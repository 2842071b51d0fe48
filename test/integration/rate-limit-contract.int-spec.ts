import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { RateLimiter, RedisKitEvents } from 'nestjs-redis-kit';
import { keysWithoutExpiry, rateLimiterContract } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

describeTopologies('the contract of a rate limiter', (topology) => {
  let app: INestApplicationContext;
  const degraded: unknown[] = [];

  beforeAll(async () => {
    app = await startApplication({
      connections: { default: topology.connectionOptions() },
      // What is decided is tried here, not how fast: a busy machine must not look like an outage.
      rateLimit: { deadline: '10s' },
    });
    app.get(RedisKitEvents).on('rate-limit.degraded', (event) => degraded.push(event));
  });

  afterAll(async () => {
    await app.close();
  });

  const contract = rateLimiterContract(async () => ({
    limiter: app.get(RateLimiter),
    dispose: async () => undefined,
  }));

  it.each([...contract])('$title', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
    expect(degraded).toEqual([]);
  });

  describe('afterwards', () => {
    it('there are keys, of which each expires', async () => {
      await topology.admin.ping();
      const masters = await topology.masters();
      const sizes = await Promise.all(masters.map((master) => master.client().dbsize()));
      expect(Math.max(...sizes)).toBeGreaterThan(0);
      expect(await keysWithoutExpiry(topology.admin, '*')).toEqual([]);
    });
  });
});

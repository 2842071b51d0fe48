import { expect, it } from '@jest/globals';
import { CacheService } from 'nestjs-redis-kit';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redis-kit/health';
import { eventually } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

const PATIENCE = { within: 30_000 };

describeTopologies('health', (topology) => {
  it('tells of invalidations that wait, and of local memory, while Redis is away and after', async () => {
    const app = await startApplication(
      {
        connections: { default: topology.connectionOptions() },
        caches: {
          default: { l1: {} },
          untracked: { tracking: false },
          texts: { store: 'memory' },
        },
      },
      { imports: [RedisHealthModule] },
    );
    try {
      const check = async () =>
        (await app.get(RedisHealthIndicator).isHealthy('redis', { timeout: '5s' })).redis;
      const untracked = { pendingInvalidations: 0, localMemory: 'off' };
      const well = {
        status: 'up',
        caches: { default: { pendingInvalidations: 0, localMemory: 'armed' }, untracked },
      };
      await eventually(async () => expect(await check()).toMatchObject(well), PATIENCE);
      expect(Object.keys((await check())['caches'])).toEqual(['default', 'untracked']);
      topology.pauseAll();
      await expect(app.get(CacheService).delete('key')).rejects.toThrow(/queued/);
      const away = app.get(RedisHealthIndicator).isHealthy('redis', { timeout: 100 });
      expect((await away).redis).toMatchObject({
        status: 'down',
        caches: { default: { pendingInvalidations: 1 }, untracked },
      });
      await eventually(() => app.get(CacheService).localMemory === 'suspended', PATIENCE);
      await topology.resumeAll();
      await eventually(async () => expect(await check()).toMatchObject(well), PATIENCE);
    } finally {
      await topology.resumeAll();
      await app.close();
    }
  });
});

import { expect, it } from '@jest/globals';
import { LockService, LockTimeoutError } from 'nestjs-redis-kit';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

describeTopologies('a lock', (topology) => {
  it('is handed from one to the next, in order', async () => {
    const options = { connections: { default: topology.connectionOptions() }, namespace: 'test' };
    const apps = [await startApplication(options), await startApplication(options)];
    try {
      const locks = apps.map((app) => app.get(LockService));
      const first = await locks[0]!.acquire('a');
      await expect(locks[1]!.acquire('a', { wait: 100 })).rejects.toThrow(LockTimeoutError);
      expect(await locks[1]!.tryAcquire('a')).toBeNull();
      const order: number[] = [];
      const waiting: Promise<void>[] = [];
      for (let i = 0; i < 20; i += 1) {
        const wait = locks[i % 2]!.acquire('a', { wait: '1m' });
        waiting.push(
          wait.then(async (lock) => {
            order.push(i);
            expect(lock.remaining()).toBeGreaterThan(0);
            await lock.release();
          }),
        );
        await locks[0]!.tryAcquire('a');
        await locks[1]!.tryAcquire('a');
      }
      expect(await first.release()).toBe(true);
      await Promise.all(waiting);
      expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
    } finally {
      await Promise.all(apps.map((app) => app.close()));
    }
  });
});

import { expect, it } from '@jest/globals';
import { CacheService, RedisKitEvents } from 'nestjs-redis-kit';
import { eventually } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

/** Enough for a busy machine to answer in, and less than any stall here. */
const DEADLINE_MS = 500;

/** Keeps the event loop from turning. */
function stall(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describeTopologies('a stall of this process', (topology) => {
  it.each([DEADLINE_MS + 200, 2_000])('of %d ms is not blamed on Redis', async (ms) => {
    const app = await startApplication({
      connections: { default: topology.connectionOptions() },
      caches: { default: { deadline: DEADLINE_MS } },
    });
    try {
      const cache = app.get(CacheService);
      await eventually(async () => {
        await cache.getOrSet('key', () => 'cached');
        expect(await cache.get('key')).toBe('cached');
      });
      const trouble: unknown[] = [];
      const events = app.get(RedisKitEvents);
      events.on('circuit.opened', (event) => trouble.push(event));
      events.on('connection.lost', (event) => trouble.push(event));
      let factories = 0;
      const read = () => cache.getOrSet('key', () => `factory ${factories++}`);

      const asked = [read(), cache.get('key'), cache.get('key')];
      // The same tick: nothing may have been written yet.
      stall(ms);
      expect(await Promise.all(asked)).toEqual(['cached', 'cached', 'cached']);

      const later = [read(), cache.get('key')];
      await new Promise((resolve) => setImmediate(resolve));
      // Written, and the answers arrive while nobody listens.
      stall(ms);
      expect(await Promise.all(later)).toEqual(['cached', 'cached']);
      expect(await read()).toBe('cached');
      expect(factories).toBe(0);
      expect(trouble).toEqual([]);
    } finally {
      await app.close();
    }
  });
});

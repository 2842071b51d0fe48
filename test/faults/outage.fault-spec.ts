import { setTimeout as queryTime } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { CacheService, CacheInvalidationError, RedisKitEvents } from 'nestjs-redis-kit';
import { eventually } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import type { Topology } from '../support/topologies/topology.js';

const OUTAGE_MS = 10_000;
const QUERY_MS = 20;
/** The default deadline of a cache. */
const DEADLINE_MS = 100;
/** What a busy machine may add to timers; the promise under test is "bounded", the fault is "seconds". */
const SLACK_MS = 2_000;

/** A database that takes its time. */
const query = (value: string) => () => queryTime(QUERY_MS, value);

interface Outage {
  readonly name: string;
  begin(topology: Topology): Promise<void>;
  end(topology: Topology): Promise<void>;
}

const OUTAGES: Outage[] = [
  {
    name: 'hung (SIGSTOP)',
    begin: async (topology) => topology.pauseAll(),
    end: (topology) => topology.resumeAll(),
  },
  {
    name: 'dead (kill -9)',
    begin: (topology) => topology.killAll(),
    end: (topology) => topology.restartAll(),
  },
];

describeTopologies('Redis away for 10 s', (topology) => {
  it.each(OUTAGES)(
    '$name: reads are answered by the database, and the cache comes back',
    async (outage) => {
      const app = await startApplication({
        connections: { default: topology.connectionOptions() },
      });
      try {
        const cache = app.get(CacheService);
        const opened: string[] = [];
        app.get(RedisKitEvents).on('circuit.opened', ({ circuit }) => opened.push(circuit));
        // The first calls of a busy machine may take longer than the deadline.
        await eventually(async () => {
          await cache.getOrSet('warm', query('cached'));
          expect(await cache.get('warm')).toBe('cached');
        });

        await outage.begin(topology);
        const startedAt = performance.now();
        const durations: number[] = [];
        while (performance.now() - startedAt < OUTAGE_MS) {
          const readAt = performance.now();
          expect(await cache.getOrSet('warm', query('database'))).toBe('database');
          durations.push(performance.now() - readAt);
        }
        expect(Math.max(...durations)).toBeLessThan(DEADLINE_MS + QUERY_MS + SLACK_MS);
        expect(opened.length).toBeGreaterThan(0);
        // With the circuit open nobody pays the deadline: by far most reads cost the query alone.
        const slow = durations.filter((duration) => duration > DEADLINE_MS);
        expect(slow.length).toBeLessThan(durations.length / 4);
        await expect(cache.delete('warm')).rejects.toBeInstanceOf(CacheInvalidationError);

        await outage.end(topology);
        await eventually(async () => {
          const key = `back-${performance.now()}`;
          await cache.getOrSet(key, query('stored'));
          expect(await cache.get(key)).toBe('stored');
        });
      } finally {
        await app.close();
      }
    },
  );
});

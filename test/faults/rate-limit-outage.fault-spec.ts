import { expect, it, describe } from '@jest/globals';
import { RateLimiter, RedisKitEvents, type RateLimitPolicy } from 'nestjs-redis-kit';
import { eventually, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import type { Topology } from '../support/topologies/topology.js';

/** The default deadline of rate limits. */
const DEADLINE_MS = 100;
/** What a busy machine may add to timers; the promise under test is "bounded", the fault is "seconds". */
const SLACK_MS = 1_500;
const OUTAGE_MS = 3_000;

const LOCAL: RateLimitPolicy = { name: 'local', limit: 40, per: '1000d' };
const OPEN: RateLimitPolicy = { ...LOCAL, name: 'open', onFailure: 'open' };
const CLOSED: RateLimitPolicy = { ...LOCAL, name: 'closed', onFailure: 'closed' };

interface Outage {
  readonly name: string;
  readonly keepsData: boolean;
  begin(topology: Topology): Promise<void>;
  end(topology: Topology): Promise<void>;
}

const OUTAGES: Outage[] = [
  {
    name: 'hung (SIGSTOP)',
    keepsData: true,
    begin: async (topology) => topology.pauseAll(),
    end: (topology) => topology.resumeAll(),
  },
  {
    name: 'dead (kill -9)',
    keepsData: false,
    begin: (topology) => topology.killAll(),
    end: (topology) => topology.restartAll(),
  },
];

describeTopologies('Redis away under load', (topology) => {
  it.each(OUTAGES)(
    '$name: the insurance decides in time and within its bound, and nothing is counted twice',
    async (outage) => {
      const app = await startApplication({
        connections: { default: topology.connectionOptions() },
        rateLimit: { instances: 4, denyCache: { maxEntries: 0 } },
      });
      try {
        const limiter = app.get(RateLimiter);
        const degraded: string[] = [];
        app.get(RedisKitEvents).on('rate-limit.degraded', ({ message }) => degraded.push(message));
        let byRedis = 0;
        await eventually(async () => {
          const { allowed, source } = await limiter.consume('user', [LOCAL]);
          if (source === 'redis' && allowed) byRedis += 1;
          expect(byRedis).toBe(3);
        });

        await outage.begin(topology);
        const allowed = { local: 0, open: 0, closed: 0 };
        const asked = { open: 0 };
        const durations: number[] = [];
        const startedAt = performance.now();
        const load = async () => {
          while (performance.now() - startedAt < OUTAGE_MS) {
            const sentAt = performance.now();
            const decisions = await Promise.all([
              limiter.consume('user', [LOCAL]),
              limiter.consume('user', [OPEN]),
              limiter.consume('user', [CLOSED]),
            ]);
            durations.push(performance.now() - sentAt);
            const [local, open, closed] = decisions.map((decision) =>
              decision.source === 'insurance' && decision.allowed ? 1 : 0,
            );
            allowed.local += local!;
            allowed.open += open!;
            allowed.closed += closed!;
            asked.open += decisions[1]!.source === 'insurance' ? 1 : 0;
            // Lets the event loop do something else while the circuit is open.
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
        await Promise.all(Array.from({ length: 10 }, load));
        expect(Math.max(...durations)).toBeLessThan(DEADLINE_MS + SLACK_MS);
        expect(asked.open).toBeGreaterThan(20);
        expect(allowed).toEqual({ local: LOCAL.limit / 4, open: asked.open, closed: 0 });
        expect(degraded.length).toBeGreaterThan(0);
        expect(degraded.length).toBeLessThan(asked.open);

        await outage.end(topology);
        await eventually(
          async () => {
            const { source, policies } = await limiter.peek('user', [LOCAL]);
            expect(source).toBe('redis');
            const counted = outage.keepsData ? byRedis : 0;
            expect(policies[0]!.remaining).toBe(LOCAL.limit - counted);
          },
          { within: 20_000 },
        );
      } finally {
        await app.close();
      }
    },
    120_000,
  );
});

describe('a slow Redis', () => {
  it('is not waited for, and what it counted too late is given back', async () => {
    await using server = await RedisServer.start();
    await using proxy = await TcpProxy.start({ host: server.host, port: server.port });
    const app = await startApplication({ url: proxy.url });
    try {
      const limiter = app.get(RateLimiter);
      await eventually(async () => {
        expect((await limiter.peek('user', [LOCAL])).source).toBe('redis');
      });
      const before = await server.commandCount('evalsha');
      // Requests arrive at once and are counted; their replies are late.
      proxy.delay(400, 'replies');
      const decision = await limiter.consume('user', [LOCAL]);
      expect(decision).toMatchObject({ allowed: true, source: 'insurance' });
      await eventually(async () => {
        // It was counted, and corrected.
        expect(await server.commandCount('evalsha')).toBeGreaterThanOrEqual(before + 2);
        const [, keys] = await server.client().scan(0, 'MATCH', '*:rate-limit:*', 'COUNT', 1_000);
        expect(keys).toEqual([]);
      });
    } finally {
      await app.close();
    }
  });
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RateLimiter, type RateLimitPolicy } from 'nestjs-redis-kit';
import {
  eventually,
  isolatedNamespace,
  keysWithoutExpiry,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { runScenario } from '../support/run-scenario.js';

type Flood = typeof import('../scenarios/rate-limit-flood.js').methods;

const HOUR_MS = 3_600_000;
/** Clocks of the four processes. */
const SKEWS = [0, HOUR_MS, -HOUR_MS, 0];
const ATTEMPTS_EACH = 500;

const FIVE: RateLimitPolicy[] = [
  { name: 'a', limit: 100, per: '1000d' },
  { name: 'b', limit: 150, per: '1h', algorithm: 'sliding-window' },
  { name: 'c', limit: 1_100, per: '1h', algorithm: 'sliding-window' },
  { name: 'd', limit: 120, per: '1h', algorithm: 'fixed-window' },
  { name: 'e', limit: 110, per: 'day', timeZone: 'Asia/Tokyo' },
];

const ALGORITHMS: { title: string; policies: RateLimitPolicy[]; allowed: number }[] = [
  // Nothing comes back while the flood lasts.
  { title: 'token-bucket', policies: [{ name: 'p', limit: 100, per: '1000d' }], allowed: 100 },
  {
    title: 'sliding-window',
    policies: [{ name: 'p', limit: 100, per: '1h', algorithm: 'sliding-window' }],
    allowed: 100,
  },
  {
    title: 'sliding-window in intervals',
    policies: [{ name: 'p', limit: 1_100, per: '1h', algorithm: 'sliding-window' }],
    allowed: 1_100,
  },
  {
    title: 'fixed-window',
    policies: [{ name: 'p', limit: 100, per: '1h', algorithm: 'fixed-window' }],
    allowed: 100,
  },
  { title: 'quota', policies: [{ name: 'p', limit: 100, per: 'month' }], allowed: 100 },
  {
    title: 'concurrency',
    policies: [{ name: 'p', limit: 100, algorithm: 'concurrency', lease: '1h' }],
    allowed: 100,
  },
  { title: 'five policies', policies: FIVE, allowed: 100 },
];

/** Started once: an application of each talks to one deployment after the other. */
let processes: ScenarioProcesses<Flood>;

beforeAll(async () => {
  processes = await runScenario<Flood>(SKEWS.length, 'rate-limit-flood');
}, 120_000);

afterAll(() => processes?.stop());

describeTopologies(
  '2,000 requests at once from four processes, of which two have wrong clocks',
  (topology) => {
    const namespace = isolatedNamespace();

    beforeAll(async () => {
      await Promise.all(
        SKEWS.map((clockSkewMs, i) =>
          processes.call(i, 'start', {
            namespace,
            connection: topology.connectionOptions(),
            clockSkewMs,
          }),
        ),
      );
    }, 120_000);

    afterAll(() => Promise.all(SKEWS.map((_, i) => processes.call(i, 'stop'))));

    it.each(ALGORITHMS)('$title: exactly $allowed pass', async ({ title, policies, allowed }) => {
      const counts = await Promise.all(
        SKEWS.map((_, i) => processes.call(i, 'flood', `flood:${title}`, policies, ATTEMPTS_EACH)),
      );
      expect(counts.reduce((sum, count) => sum + count)).toBe(allowed);
    });

    it('leave keys behind, of which each expires', async () => {
      await topology.admin.ping();
      expect(await keysWithoutExpiry(topology.admin, `${namespace}:*`)).toEqual([]);
    });
  },
);

describeTopologies(
  'what a decision costs',
  (topology) => {
    /** How many scripts Redis ran for a task after another one, with denials that are not remembered. */
    const scriptsOf = async (
      prepare: (limiter: RateLimiter) => Promise<unknown>,
      task: (limiter: RateLimiter) => Promise<unknown>,
    ): Promise<number> => {
      const app = await startApplication({
        connections: { default: topology.connectionOptions() },
        rateLimit: { deadline: '50s', denyCache: { maxEntries: 0 } },
      });
      try {
        const limiter = app.get(RateLimiter);
        await prepare(limiter);
        const [master] = await topology.masters();
        const { evalsha = 0 } = await master!.commandsDuring(() => task(limiter));
        return evalsha;
      } finally {
        await app.close();
      }
    };

    const narrow: RateLimitPolicy = { name: 'narrow', limit: 1, per: '1000d' };
    const wide: RateLimitPolicy = { name: 'wide', limit: 100, per: '1000d' };
    const TRACKERS = [
      { key: 'user', policies: [narrow] },
      { key: 'everyone', policies: [wide] },
    ];
    const useUp = (limiter: RateLimiter) => limiter.consume(TRACKERS);
    const deniedTenTimes = async (limiter: RateLimiter, parallel: boolean): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        const { denied, source } = await limiter.consume(TRACKERS, { parallel });
        expect({ denied, source }).toEqual({ denied: ['narrow'], source: 'redis' });
      }
    };

    it('is one command, however many policies a tracker has', async () => {
      const scripts = await scriptsOf(
        (limiter) => limiter.consume('five', FIVE),
        async (limiter) => {
          for (let i = 0; i < 100; i++) {
            const { policies, source } = await limiter.consume('five', FIVE);
            expect({ asked: policies.length, source }).toEqual({ asked: 5, source: 'redis' });
          }
        },
      );
      expect(scripts).toBeGreaterThanOrEqual(100);
      // Once more when a day ends meanwhile.
      expect(scripts).toBeLessThanOrEqual(102);
    });

    it('is one command when the first tracker denies, and the others are not asked', async () => {
      expect(await scriptsOf(useUp, (limiter) => deniedTenTimes(limiter, false))).toBe(10);
    });

    it('is one for each tracker side by side, and one to give back', async () => {
      expect(await scriptsOf(useUp, (limiter) => deniedTenTimes(limiter, true))).toBe(30);
    });
  },
  { only: ['standalone'] },
);

describeTopologies(
  'many trackers and many denials',
  (topology) => {
    it('leave one small key each, and all of them expire', async () => {
      const namespace = isolatedNamespace();
      const app = await startApplication({
        namespace,
        connections: { default: topology.connectionOptions() },
        rateLimit: { deadline: '50s' },
      });
      try {
        const limiter = app.get(RateLimiter);
        const [master] = await topology.masters();
        const before = Number((await master!.info('memory'))['used_memory']);
        const trackers = 20_000;
        const policy: RateLimitPolicy = { name: 'p', limit: 100, per: '1000d' };
        for (let from = 0; from < trackers; from += 500) {
          await Promise.all(
            Array.from({ length: 500 }, (_, i) => limiter.consume(`ip:${from + i}`, [policy])),
          );
        }
        // A few are of the cache, which probes its tracking.
        const keys = await master!.client().dbsize();
        expect(keys).toBeGreaterThanOrEqual(trackers);
        expect(keys).toBeLessThan(trackers + 500);
        expect(await keysWithoutExpiry(topology.admin, '*')).toEqual([]);
        const bytes = Number((await master!.info('memory'))['used_memory']) - before;
        expect(bytes / trackers).toBeLessThan(400);
      } finally {
        await app.close();
      }
    }, 180_000);

    it('cost Redis next to nothing, until what was reset elsewhere is heard', async () => {
      const namespace = isolatedNamespace();
      const start = () =>
        startApplication({
          namespace,
          connections: { default: topology.connectionOptions() },
          rateLimit: { deadline: '50s', denyCache: { maxAge: '2s' } },
        });
      const [here, elsewhere] = [await start(), await start()];
      try {
        const policy: RateLimitPolicy = { name: 'p', limit: 1, per: '1h' };
        const limiter = here.get(RateLimiter);
        await limiter.consume('flooded', [policy]);
        await limiter.consume('flooded', [policy]);
        const [master] = await topology.masters();
        let asked = 0;
        const { evalsha = 0 } = await master!.commandsDuring(async () => {
          for (let i = 0; i < 1_000; i++) {
            // A policy made anew for each request is still the same.
            const { allowed, source } = await limiter.consume('flooded', [{ ...policy }]);
            expect(allowed).toBe(false);
            if (source === 'redis') asked++;
          }
        });
        expect(evalsha).toBe(asked);
        expect(asked).toBeLessThan(20);
        await elsewhere.get(RateLimiter).reset('flooded', [policy]);
        await eventually(async () => {
          expect((await limiter.consume('flooded', [policy])).allowed).toBe(true);
        });
      } finally {
        await here.close();
        await elsewhere.close();
      }
    });
  },
  { only: ['standalone'] },
);

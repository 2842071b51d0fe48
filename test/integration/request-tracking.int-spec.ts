import { expect, it } from '@jest/globals';
import { RedisKitEvents, RequestStats, type RedisKitOptions } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, keysWithoutExpiry } from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../support/describe-topologies.js';
import { PLATFORMS, startHttpApplication } from '../support/http-application.js';
import { gate } from '../support/gate.js';
import { slow, TrackedModule } from '../support/request-pages.js';

describeTopologies('request tracking', (topology) => {
  const options = (more: RedisKitOptions = {}): RedisKitOptions => ({
    connections: { default: topology.connectionOptions() },
    counters: { deadline: '20s', flushEvery: '20ms' },
    requestTracking: { window: '1h', keep: 2 },
    ...more,
  });
  const metadata = { imports: [TrackedModule] };

  it.each(PLATFORMS)('%s: counts by method, declared route and status', async (platform) => {
    const namespace = isolatedNamespace();
    const start = () => startHttpApplication(platform, options({ namespace }), metadata);
    const [one, two] = await Promise.all([start(), start()]);
    try {
      for (const { request } of [one, two]) {
        for (let id = 0; id < 5; id++)
          await (await request(`/tracked/products/${id}?q=${id}`)).text();
        await (await request('/tracked/products', { method: 'POST' })).text();
        await (await request('/tracked/products/broken')).text();
        await (await request('/nowhere/at/all')).text();
        await (await request('/nowhere/else')).text();
      }
      const stats = one.app.get(RequestStats);
      const summary = await eventually(
        async () => {
          const read = await stats.summary({ count: 2 });
          expect(read.requests).toBe(18);
          return read;
        },
        { within: 20_000 },
      );
      const routes = summary.routes.map(({ method, route, requests, byStatus }) => ({
        label: `${method} ${route}`,
        requests,
        byStatus: Object.fromEntries(Object.entries(byStatus).filter(([, count]) => count > 0)),
      }));
      expect(routes).toHaveLength(3);
      expect(routes).toEqual(
        expect.arrayContaining([
          { label: 'GET /tracked/products/:id', requests: 12, byStatus: { '2xx': 10, '5xx': 2 } },
          { label: 'POST /tracked/products', requests: 2, byStatus: { '2xx': 2 } },
          { label: 'GET unmatched', requests: 4, byStatus: { '4xx': 4 } },
        ]),
      );
      expect(routes[0]!.requests).toBe(12);
      expect(summary.byStatus).toMatchObject({ '2xx': 12, '4xx': 4, '5xx': 2, aborted: 0 });
      const timed = Object.values(summary.byDuration).reduce((sum, count) => sum + count, 0);
      expect(timed).toBe(18);
      const series = await stats.series({ count: 2 });
      expect(series).toHaveLength(2);
      expect(series.reduce((sum, { requests }) => sum + requests, 0)).toBe(18);
      // A Cluster client knows its masters from its first command on.
      await topology.admin.ping();
      expect(await keysWithoutExpiry(topology.admin, `${namespace}:*`)).toEqual([]);
    } finally {
      await Promise.all([one.app.close(), two.app.close()]);
    }
  });
});

describeTopologies(
  'request tracking',
  (topology) => {
    const connections = () => ({ default: topology.connectionOptions() });
    const metadata = { imports: [TrackedModule] };

    it.each(PLATFORMS)(
      '%s: counts a client that left, and a bounded number of routes',
      async (platform) => {
        const { app, request } = await startHttpApplication(
          platform,
          {
            connections: connections(),
            counters: { deadline: '20s', flushEvery: '20ms' },
            requestTracking: { maxRoutes: 1 },
          },
          metadata,
        );
        try {
          slow.gate = gate<string>();
          const leave = new AbortController();
          const left = request('/tracked/slow', { signal: leave.signal });
          left.catch(() => undefined);
          await slow.gate.entered;
          leave.abort();
          await expect(left).rejects.toThrow();
          const stats = app.get(RequestStats);
          await eventually(async () => (await stats.summary()).byStatus.aborted === 1, {
            within: 20_000,
          });
          slow.gate.open('at last');
          await (await request('/tracked/products/1')).text();
          await (await request('/tracked/products', { method: 'POST' })).text();
          await eventually(async () => (await stats.summary()).requests === 3, { within: 20_000 });
          const { routes } = await stats.summary();
          expect(routes.map(({ method, route }) => `${method} ${route}`).sort()).toEqual([
            'GET /tracked/slow',
            'GET other',
            'POST other',
          ]);
        } finally {
          await app.close();
        }
      },
    );

    it.each(PLATFORMS)('%s: counts what a rate limit denies', async (platform) => {
      const { app, request } = await startHttpApplication(
        platform,
        {
          connections: connections(),
          counters: { deadline: '20s', flushEvery: '20ms' },
          rateLimit: { deadline: '20s' },
        },
        metadata,
      );
      try {
        for (const expected of [200, 429, 429]) {
          const response = await request('/tracked/limited');
          await response.text();
          expect(response.status).toBe(expected);
        }
        const stats = app.get(RequestStats);
        const { routes, byStatus } = await eventually(
          async () => {
            const read = await stats.summary();
            expect(read.requests).toBe(3);
            return read;
          },
          { within: 20_000 },
        );
        expect(routes.map(({ method, route }) => `${method} ${route}`)).toEqual([
          'GET /tracked/limited',
        ]);
        expect(byStatus).toMatchObject({ '2xx': 1, '4xx': 2 });
      } finally {
        await app.close();
      }
    });

    it.each(PLATFORMS)('%s: does not touch a response while Redis is away', async (platform) => {
      const { app, request } = await startHttpApplication(
        platform,
        { connections: connections(), counters: { deadline: '200ms', flushEvery: '10ms' } },
        metadata,
      );
      try {
        const dropped: number[] = [];
        app.get(RedisKitEvents).on('counters.dropped', ({ amount }) => dropped.push(amount));
        await (await request('/tracked/products/1')).text();
        topology.pauseAll();
        const sent = 100;
        for (let id = 0; id < sent; id++) {
          const response = await request(`/tracked/products/${id}`);
          expect(response.status).toBe(200);
          expect(await response.json()).toEqual({ id: String(id) });
        }
        await topology.resumeAll();
        // What was not announced as lost arrives, and nothing arrives twice.
        await eventually(
          async () => {
            const { requests } = await app.get(RequestStats).summary();
            const lost = dropped.reduce((sum, amount) => sum + amount, 0);
            // What was sent and not answered may have been counted all the same.
            expect(requests + lost).toBeGreaterThanOrEqual(sent + 1);
            expect(requests).toBeLessThanOrEqual(sent + 1);
          },
          { within: 20_000 },
        );
      } finally {
        await topology.resumeAll();
        await app.close();
      }
    });
  },
  { only: ['standalone'] },
);

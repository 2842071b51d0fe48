import { describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { RedisMonitor, type RedisKitOptions } from 'nestjs-redis-kit';
import {
  ClusterDeployment,
  eventually,
  isolatedNamespace,
  RedisServer,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';

const PATIENCE = { within: 30_000 };
const PATIENT: NonNullable<RedisKitOptions['monitoring']> = {
  timeout: '10s',
  reuseHealthFor: 0,
  thresholds: { responseTime: '10s' },
};

async function withMonitor(
  options: RedisKitOptions,
  use: (monitor: RedisMonitor, app: INestApplicationContext) => Promise<void>,
): Promise<void> {
  const app = await startApplication({ monitoring: PATIENT, ...options });
  try {
    await use(app.get(RedisMonitor), app);
  } finally {
    await app.close();
  }
}

const codes = async (monitor: RedisMonitor): Promise<string[]> =>
  (await monitor.healthCheck()).reasons.map(({ code }) => code);

describe('the monitor of a server whose ACL forbids much', () => {
  const namespace = isolatedNamespace();
  const own = [`~${namespace}:*`, '&*'];

  it.each([
    [
      'INFO, SLOWLOG, MEMORY and the like',
      ['+@all', '-info', '-slowlog', '-latency', '-memory', '-config', '-dbsize'],
    ],
    ['everything but PING and INFO', ['-@all', '+ping', '+info', '+set']],
    ['everything but PING', ['-@all', '+ping']],
  ])('tells the rest, and says what was forbidden: %s', async (_, rules) => {
    await using server = await RedisServer.start();
    await server.call('ACL', 'SETUSER', 'shop', 'reset', 'on', '>secret', ...own, ...rules);
    const url = server.url.replace('//', '//shop:secret@');
    await withMonitor({ namespace, url }, async (monitor) => {
      await eventually(
        async () => expect((await monitor.healthCheck()).responseTimeMs).not.toBeNull(),
        PATIENCE,
      );
      const reports = await Promise.all([
        monitor.info(),
        monitor.memory(),
        monitor.slowLog(),
        monitor.keyStatistics({ budget: '1s' }),
        monitor.hitRatio(),
        monitor.latency(),
        monitor.streamGroups({ budget: '1s' }),
        monitor.healthCheck(),
      ]);
      const forbidden = reports.flatMap(({ unanswered }) => unanswered);
      expect(forbidden.length).toBeGreaterThan(0);
      for (const { reason, message } of forbidden) {
        expect(reason).toBe('forbidden');
        expect(message).not.toContain('secret');
      }
      // A server that answers is not unwell because it keeps something to itself.
      expect(reports[7]).toMatchObject({ status: 'healthy', reasons: [] });
    });
  });

  it('asks for sections one by one where single ones are allowed', async () => {
    await using server = await RedisServer.start();
    // An INFO of several sections counts as one of the first; memory comes first where both are asked for.
    const rules = ['-@all', '+ping', '+info|stats'];
    await server.call('ACL', 'SETUSER', 'shop', 'reset', 'on', '>secret', ...own, ...rules);
    const url = server.url.replace('//', '//shop:secret@');
    await withMonitor({ namespace, url }, async (monitor) => {
      const memory = await eventually(async () => {
        const report = await monitor.memory();
        expect(report.total?.evictedKeys).toBe(0);
        return report;
      }, PATIENCE);
      expect(memory.total?.usedBytes).toBeNull();
      expect(memory.unanswered).toMatchObject([{ asked: 'INFO memory', reason: 'forbidden' }]);
      expect((await monitor.info()).nodes[0]).toMatchObject({
        version: null,
        operationsPerSecond: expect.any(Number),
      });
    });
  });

  it('counts keys without their sizes where MEMORY is forbidden', async () => {
    await using server = await RedisServer.start();
    await server.client().set('a:b', '1');
    await server.call('ACL', 'SETUSER', 'shop', 'reset', 'on', '>secret', '~*', '+@all', '-memory');
    await withMonitor({ url: server.url.replace('//', '//shop:secret@') }, async (monitor) => {
      const { total, unanswered } = await eventually(async () => {
        const report = await monitor.keyStatistics();
        expect(report.total).not.toBeNull();
        return report;
      }, PATIENCE);
      expect(total).toMatchObject({ keys: { value: 1, margin: 0 }, bytes: null, bigKeys: [] });
      expect(unanswered).toMatchObject([{ asked: 'MEMORY USAGE', reason: 'forbidden' }]);
    });
  });
});

describe('a health check', () => {
  it('finds a fresh server healthy, and makes up no ratio', async () => {
    await using server = await RedisServer.start();
    await withMonitor({ url: server.url }, async (monitor) => {
      await eventually(async () => expect(await codes(monitor)).toEqual([]), PATIENCE);
      // The suite itself has looked nothing up yet.
      expect(await monitor.hitRatio()).toMatchObject({ ratio: null, lifetime: { ratio: null } });
      expect((await monitor.keyStatistics({ pattern: 'none:*' })).total).toMatchObject({
        keys: { value: 0, margin: 0 },
        sample: { coverage: 1, isComplete: true },
      });
    });
  });

  it('is degraded by a server that is full, with the reasons and the refused write', async () => {
    await using server = await RedisServer.start();
    await withMonitor({ url: server.url }, async (monitor) => {
      await eventually(async () => expect(await codes(monitor)).toEqual([]), PATIENCE);
      await server.configSet('maxmemory', '1');
      const report = await monitor.healthCheck();
      expect(report.status).toBe('degraded');
      const found = report.reasons.map(({ code }) => code);
      expect(found).toContain('memory-high');
      expect(found).toContain('writes-refused');
      expect(report.reasons.find(({ code }) => code === 'writes-refused')?.message).toContain(
        'OOM',
      );
      await server.configSet('maxmemory', '0');
      expect(await codes(monitor)).toEqual([]);
    });
  });

  it('leaves a key that expires, and none without the probe', async () => {
    await using server = await RedisServer.start();
    const namespace = isolatedNamespace();
    await withMonitor({ namespace, url: server.url }, async (monitor) => {
      await eventually(async () => expect(await codes(monitor)).toEqual([]), PATIENCE);
      const [probe] = await server.client().keys(`${namespace}:v1:health:*`);
      expect(await server.client().pttl(probe!)).toBeGreaterThan(0);
    });
    await server.client().del(...(await server.client().keys('*')));
    await withMonitor(
      { namespace, url: server.url, monitoring: { ...PATIENT, writeProbe: false } },
      async (monitor) => {
        await eventually(async () => expect(await codes(monitor)).toEqual([]), PATIENCE);
        expect(await server.client().keys('*:health:*')).toEqual([]);
      },
    );
  });

  it('sees evictions while they happen, and forgets them when they are over', async () => {
    await using server = await RedisServer.start();
    const redis = server.client();
    const thresholds = { ...PATIENT.thresholds, evictionsPerSecond: 0, memory: 1, hitRatio: 0 };
    await withMonitor(
      { url: server.url, monitoring: { ...PATIENT, window: '2s', thresholds } },
      async (monitor) => {
        await eventually(async () => expect(await codes(monitor)).toEqual([]), PATIENCE);
        const used = Number((await server.info('memory'))['used_memory']);
        await server.configSet('maxmemory-policy', 'allkeys-lru');
        await server.configSet('maxmemory', String(used + 1_000_000));
        for (let at = 0; at < 40; at++) await redis.set(`k:${at}`, 'x'.repeat(100_000), 'EX', 100);
        await eventually(async () => expect(await codes(monitor)).toContain('evictions'), PATIENCE);
        await eventually(
          async () => expect(await codes(monitor)).not.toContain('evictions'),
          PATIENCE,
        );
      },
    );
  });

  it('sees a replica that stands still', async () => {
    await using master = await RedisServer.start();
    await using replica = await RedisServer.start({ config: { 'repl-timeout': '3600' } });
    await replica.replicateFrom(master);
    const thresholds = { ...PATIENT.thresholds, replicationLag: '1s' } as const;
    const monitoring = { ...PATIENT, thresholds };
    await withMonitor({ url: master.url, monitoring }, async (monitor) => {
      const replicas = async () => (await monitor.info()).nodes[0]?.replication.replicas ?? [];
      await eventually(
        async () => expect(await replicas()).toMatchObject([{ isOnline: true }]),
        PATIENCE,
      );
      replica.pause();
      await eventually(
        async () => expect(await codes(monitor)).toContain('replication-lag'),
        PATIENCE,
      );
      replica.resume();
      await eventually(async () => expect(await codes(monitor)).toEqual([]), PATIENCE);
    });
  });

  it('knows a replica for what it is when the URL leads to one', async () => {
    await using master = await RedisServer.start();
    await using replica = await RedisServer.start();
    await replica.replicateFrom(master);
    await withMonitor({ url: replica.url }, async (monitor) => {
      await eventually(
        async () =>
          expect((await monitor.info()).nodes).toMatchObject([
            { role: 'replica', replication: { isLinkedToMaster: true } },
          ]),
        PATIENCE,
      );
      expect((await monitor.healthCheck()).reasons).toMatchObject([
        { code: 'writes-refused', message: expect.stringContaining('READONLY') },
      ]);
    });
  });

  it('shares one check among those who ask at the same time, and its result for a moment', async () => {
    await using server = await RedisServer.start();
    await withMonitor(
      { url: server.url, monitoring: { ...PATIENT, reuseHealthFor: '1m' } },
      async (monitor, app) => {
        const reports = await Promise.all(Array.from({ length: 50 }, () => monitor.healthCheck()));
        expect(new Set(reports).size).toBe(1);
        expect(await monitor.healthCheck()).toBe(reports[0]);
        expect(await monitor.healthCheck({ timeout: '9s' })).not.toBe(reports[0]);
        expect(app.get(RedisMonitor)).toBe(monitor);
      },
    );
  });

  it('of a Cluster whose one master hangs names it, and tells of the others', async () => {
    await using cluster = await ClusterDeployment.start({ nodeTimeout: 60_000 });
    await withMonitor(
      {
        connections: { default: { cluster: cluster.nodes } },
        monitoring: { ...PATIENT, timeout: '2s' },
      },
      async (monitor) => {
        await eventually(async () => expect(await codes(monitor)).toEqual([]), PATIENCE);
        const [hung] = await cluster.masters();
        const name = `${hung!.host}:${hung!.port}`;
        hung!.pause();
        try {
          await eventually(async () => {
            const report = await monitor.healthCheck();
            expect(report.status).toBe('degraded');
            expect(report.reasons).toEqual(
              expect.arrayContaining([
                expect.objectContaining({ severity: 'degraded', code: 'no-answer', node: name }),
              ]),
            );
          }, PATIENCE);
          const { nodes, unanswered } = await monitor.info();
          expect(nodes.filter(({ role }) => role === 'master')).toHaveLength(2);
          expect(unanswered).toMatchObject([{ node: name, reason: 'unreachable' }]);
        } finally {
          hung!.resume();
        }
        await eventually(async () => expect(await codes(monitor)).toEqual([]), PATIENCE);
      },
    );
  });
});

describe('the statistics of a million keys', () => {
  it('keep to their budget, leave the server to others, and say how sure they are', async () => {
    await using server = await RedisServer.start({ config: { 'enable-debug-command': 'yes' } });
    await server.call('DEBUG', 'POPULATE', 1_000_000, 'filled', 50);
    await server.client().set('other:one', 'x', 'EX', 1_000);
    await withMonitor({ url: server.url }, async (monitor) => {
      const other = server.connect();
      await other.ping();
      const counted = new AbortController();
      const delays: number[] = [];
      const asking = (async () => {
        while (!counted.signal.aborted) {
          const startedAt = performance.now();
          await other.get('other:one');
          delays.push(performance.now() - startedAt);
        }
      })();
      const { total, unanswered } = await monitor.keyStatistics({ budget: 500 });
      counted.abort();
      await asking;
      expect(unanswered).toEqual([]);
      const { sample, keys, types, prefixes, withoutExpiry } = total!;
      expect(keys.margin).toBe(0);
      // And what the suite itself keeps there for the moment.
      expect([1_000_001, 1_000_002, 1_000_003]).toContain(keys.value);
      expect(sample.isComplete).toBe(false);
      expect(sample.coverage).toBeGreaterThan(0);
      expect(sample.coverage).toBeLessThan(1);
      // One step may begin at the end of the budget; a busy machine may take long for it.
      expect(sample.durationMs).toBeLessThan(10_000);
      expect(types).toMatchObject([{ name: 'string' }]);
      expect(prefixes[0]).toMatchObject({ name: 'filled' });
      expect(withoutExpiry.value + withoutExpiry.margin).toBeGreaterThan(900_000);
      // Nobody waits for longer than a step of the scan. Of thousands of waits, the median is far below that.
      delays.sort((a, b) => a - b);
      expect(delays.length).toBeGreaterThan(20);
      expect(delays[Math.floor(delays.length / 2)]).toBeLessThan(100);
    });
  });
});

describe('the statistics of many keys', () => {
  it('examine a sample of them, and none of the others', async () => {
    await using server = await RedisServer.start({ config: { 'enable-debug-command': 'yes' } });
    await server.call('DEBUG', 'POPULATE', 60_000, 'filled', 50);
    for (let at = 0; at < 50; at++) await server.client().set(`rare:${at}`, 'x');
    await withMonitor({ url: server.url }, async (monitor) => {
      const { total } = await monitor.keyStatistics({ pattern: 'filled:*', budget: '2m' });
      expect(total).toMatchObject({
        keys: { value: 60_000, margin: 0 },
        sample: { isComplete: true, coverage: 1 },
      });
      // 20,000 are examined on average; by chance it is one in a thousand runs that differs by 400.
      expect(total!.sample.examined).toBeGreaterThan(18_000);
      expect(total!.sample.examined).toBeLessThan(22_000);
      const rare = await monitor.keyStatistics({ pattern: 'rare:*', budget: '2m' });
      expect(rare.total).toMatchObject({
        keys: { value: 50, margin: 0 },
        sample: { examined: 50 },
      });
    });
  });
});

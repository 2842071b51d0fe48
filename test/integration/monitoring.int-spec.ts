import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CacheService, getRedisToken, RedisMonitor } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

const PATIENCE = { within: 30_000 };
/** What a busy machine may need for one answer; only the outages are to be noticed sooner. */
const TIMEOUT = '10s';

describeTopologies('the monitor', (topology) => {
  let app: INestApplicationContext;
  let monitor: RedisMonitor;
  let redis: Redis;
  const namespace = isolatedNamespace();

  beforeAll(async () => {
    app = await startApplication({
      namespace,
      connections: { default: topology.connectionOptions() },
      monitoring: {
        timeout: TIMEOUT,
        reuseHealthFor: 0,
        thresholds: { responseTime: TIMEOUT, replicationLag: '1h' },
      },
    });
    monitor = app.get(RedisMonitor);
    redis = app.get<Redis>(getRedisToken());
  });

  afterAll(() => app?.close());

  const masterCount = async () => (await topology.masters()).length;

  it('tells of every server, and of all together', async () => {
    await redis.set(`${namespace}:info`, '1', 'EX', 100);
    const { nodes, total, unanswered, topology: name } = await monitor.info();
    expect(unanswered).toEqual([]);
    expect(name).toBe(topology.name);
    expect(nodes.filter(({ role }) => role === 'master')).toHaveLength(await masterCount());
    for (const node of nodes) {
      expect(node).toMatchObject({
        node: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        server: expect.stringMatching(/^(redis|valkey)$/),
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        isLoading: false,
        maxClients: expect.any(Number),
      });
      expect(node.uptimeMs).toBeGreaterThanOrEqual(0);
      expect(node.connectedClients).toBeGreaterThan(0);
    }
    const masters = nodes.filter(({ role }) => role === 'master');
    expect(total).toMatchObject({
      masters: await masterCount(),
      replicas: topology.name === 'cluster' ? 3 : 0,
      keys: masters.reduce((sum, { keys }) => sum + (keys ?? 0), 0),
      connectedClients: nodes.reduce((sum, node) => sum + (node.connectedClients ?? 0), 0),
    });
    expect(total?.keys).toBeGreaterThan(0);
    const replicas = masters.flatMap(({ replication }) => replication.replicas);
    expect(replicas).toHaveLength({ standalone: 0, sentinel: 1, cluster: 3 }[topology.name]);
  });

  it('tells what the servers keep in memory, of which nothing is a share without a limit', async () => {
    const unlimited = await monitor.memory();
    expect(unlimited.total).toMatchObject({ maxBytes: null, usedShare: null });
    for (const node of unlimited.nodes) {
      expect(node.usedBytes).toBeGreaterThan(100_000);
      expect(node.policy).toBe('noeviction');
    }
    const masters = await topology.masters();
    for (const master of masters) await master.configSet('maxmemory', '1gb');
    try {
      const { total, nodes } = await monitor.memory();
      expect(total?.maxBytes).toBe(masters.length * 1024 ** 3);
      expect(total?.usedShare).toBeCloseTo((total?.usedBytes ?? 0) / (total?.maxBytes ?? 1), 10);
      const used = nodes
        .filter(({ role }) => role === 'master')
        .map(({ usedBytes }) => usedBytes ?? 0);
      expect(total?.usedBytes).toBe(used.reduce((sum, bytes) => sum + bytes, 0));
    } finally {
      for (const master of masters) await master.configSet('maxmemory', '0');
    }
  });

  it('tells slow commands of all servers, and never what they were given', async () => {
    const masters = await topology.masters();
    for (const master of masters) await master.configSet('slowlog-log-slower-than', '0');
    await redis.set(`${namespace}:{slow}`, 'my-secret-value', 'EX', 100);
    for (const master of masters) await master.configSet('slowlog-log-slower-than', '10000');
    const { commands, total, unanswered } = await monitor.slowLog({ count: 100 });
    expect(unanswered).toEqual([]);
    expect(total?.length).toBeGreaterThan(0);
    expect(JSON.stringify(commands)).not.toMatch(/my-secret-value|\{slow\}/);
    const written = commands.find(({ command }) => command === 'SET');
    expect(written).toMatchObject({ argumentCount: 4, clientName: `${namespace}:default:command` });
    expect(written?.keys).toEqual([expect.stringMatching(/~[\w-]{12}$/)]);
    expect((await monitor.slowLog({ count: 1 })).commands).toHaveLength(1);
  });

  it('counts keys by type and prefix, with their bytes and those that never expire', async () => {
    const pattern = `${namespace}:keys:*`;
    const write = async (kind: string, count: number, put: (key: string) => Promise<unknown>) => {
      await Promise.all(
        Array.from({ length: count }, (_, at) => put(`${namespace}:keys:${kind}:${at}`)),
      );
    };
    await write('text', 60, (key) => redis.set(key, 'x'.repeat(100), 'EX', 1_000));
    await write('hash', 30, (key) => redis.hset(key, 'field', 'value'));
    await redis.set(`${namespace}:keys:big:1`, 'x'.repeat(100_000), 'EX', 1_000);
    const { total, nodes, unanswered } = await monitor.keyStatistics({ pattern, budget: '20s' });
    expect(unanswered).toEqual([]);
    expect(nodes).toHaveLength(await masterCount());
    const counted = (value: number) => ({ value, margin: 0 });
    expect(total).toMatchObject({
      keys: counted(91),
      withoutExpiry: counted(30),
      types: [
        { name: 'string', keys: counted(61), withoutExpiry: counted(0) },
        { name: 'hash', keys: counted(30), withoutExpiry: counted(30) },
      ],
      sample: { seen: 91, examined: 91, coverage: 1, isComplete: true, confidence: 0.95 },
    });
    expect(total?.prefixes.map(({ name, keys }) => [name, keys.value])).toEqual([
      [`${namespace}:keys:text`, 60],
      [`${namespace}:keys:hash`, 30],
      [`${namespace}:keys:big`, 1],
    ]);
    expect(total?.bigKeys[0]).toMatchObject({ key: `${namespace}:keys:big:1`, type: 'string' });
    expect(total?.bigKeys[0]?.bytes).toBeGreaterThan(100_000);
    expect(total?.bytes?.value).toBeGreaterThan(100_000 + 60 * 100);
    expect(total?.examplesWithoutExpiry).toHaveLength(10);
  });

  it('tells how far groups of streams are behind', async () => {
    const stream = `${namespace}:stream`;
    for (let i = 0; i < 5; i++) await redis.xadd(stream, '*', 'n', String(i));
    await redis.xgroup('CREATE', stream, 'readers', '0');
    await redis.xreadgroup('GROUP', 'readers', 'one', 'COUNT', 2, 'STREAMS', stream, '>');
    const expected = {
      groups: [
        {
          stream,
          group: 'readers',
          length: 5,
          consumers: 1,
          pending: 2,
          lag: 3,
          oldestPending: { id: expect.stringMatching(/^\d+-\d+$/), deliveries: 1 },
        },
      ],
      isComplete: true,
      unanswered: [],
    };
    const found = await monitor.streamGroups({ pattern: `${namespace}:*`, budget: '20s' });
    expect(found).toMatchObject(expected);
    expect(found.groups[0]?.oldestPending?.ageMs).toBeGreaterThanOrEqual(0);
    expect(await monitor.streamGroups({ streams: [stream, `${namespace}:none`] })).toMatchObject(
      expected,
    );
  });

  it('tells how long answers take', async () => {
    const { nodes, total } = await monitor.latency();
    expect(total?.roundTripMs).toBeGreaterThan(0);
    for (const { roundTrip, commands } of nodes) {
      expect(roundTrip!.min).toBeLessThanOrEqual(roundTrip!.median);
      expect(commands.length).toBeGreaterThan(0);
    }
  });

  it('counts hits of a window, and not those before it', async () => {
    await redis.get(`${namespace}:before`);
    const first = await monitor.hitRatio({ window: '1h' });
    const key = `${namespace}:{hit}`;
    await redis.set(key, '1', 'EX', 100);
    for (let i = 0; i < 3; i++) await redis.get(key);
    await redis.get(`${namespace}:{hit}:none`);
    const second = await monitor.hitRatio({ window: '1h' });
    expect((second.hits ?? 0) - (first.hits ?? 0)).toBe(3);
    expect((second.misses ?? 0) - (first.misses ?? 0)).toBe(1);
    expect(second.lifetime.misses).toBeGreaterThan(0);
    expect(second.ratio).toBeGreaterThan(0);
    expect((await monitor.hitRatio({ leastLookups: 1_000_000 })).ratio).toBeNull();
  });

  it('finds servers that are well healthy', async () => {
    await eventually(async () => {
      const report = await monitor.healthCheck();
      expect(report).toMatchObject({ status: 'healthy', reasons: [], unanswered: [] });
      expect(report.responseTimeMs).toBeGreaterThan(0);
      expect(report.features).toMatchObject({ caches: { default: { pendingInvalidations: 0 } } });
    }, PATIENCE);
  });

  it.each(['hung', 'dead'])(
    'says what it does not know, in time, when all servers are %s',
    async (way) => {
      const hasty = await startApplication({
        connections: { default: topology.connectionOptions() },
        connect: 'require',
        monitoring: { timeout: 300, reuseHealthFor: 0 },
      });
      const patient = hasty.get(RedisMonitor);
      try {
        await hasty.get(CacheService).getOrSet('key', async () => 1);
        await eventually(async () => (await patient.info()).nodes.length > 0, PATIENCE);
        if (way === 'hung') topology.pauseAll();
        else await topology.killAll();
        const startedAt = performance.now();
        const [info, memory, slow, keys, hits, latency, streams, health] = await Promise.all([
          patient.info(),
          patient.memory(),
          patient.slowLog(),
          patient.keyStatistics({ budget: 300 }),
          patient.hitRatio(),
          patient.latency(),
          patient.streamGroups({ budget: 300 }),
          patient.healthCheck(),
        ]);
        // Every wait ends by its timeout; the bound leaves room for a machine that is busy.
        expect(performance.now() - startedAt).toBeLessThan(10_000);
        for (const report of [info, memory, slow, keys, latency]) {
          expect(report).toMatchObject({ nodes: [], total: null });
        }
        for (const report of [info, memory, slow, keys, hits, latency, streams, health]) {
          expect(report.unanswered[0]).toMatchObject({ reason: 'unreachable' });
        }
        expect(hits.ratio).toBeNull();
        expect(streams).toMatchObject({ groups: [], isComplete: false });
        expect(health).toMatchObject({ status: 'unhealthy', responseTimeMs: null });
        expect(health.reasons[0]).toMatchObject({ severity: 'unhealthy', code: 'no-answer' });
        if (way === 'hung') await topology.resumeAll();
        else await topology.restartAll();
        const isWell = async () =>
          (await patient.healthCheck({ timeout: '5s' })).status === 'healthy';
        await eventually(isWell, PATIENCE);
      } finally {
        await topology.resumeAll();
        await topology.restartAll();
        await hasty.close();
      }
    },
  );
});

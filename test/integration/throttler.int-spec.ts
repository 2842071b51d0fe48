import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { ConfigurationError, RedisKitEvents } from 'nestjs-redis-kit';
import {
  eventually,
  isolatedNamespace,
  keysWithoutExpiry,
  RedisServer,
  runProcesses,
  throttlerStorageContract,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import {
  RedisThrottlerModule,
  RedisThrottlerStorage,
  type RedisThrottlerOptions,
} from 'nestjs-redis-kit/throttler';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { TYPESCRIPT_ARGS } from '../support/typescript.js';
import type { methods } from '../scenarios/throttled-application.js';

const HOUR = 3_600_000;

const start = (
  connection: object,
  options: RedisThrottlerOptions = { deadline: '20s' },
  namespace = isolatedNamespace(),
): Promise<INestApplicationContext> =>
  startApplication(
    { namespace, connections: { default: connection } },
    { imports: [RedisThrottlerModule.forRoot(options)] },
  );

describeTopologies('the storage of hits', (topology) => {
  let app: INestApplicationContext;

  beforeAll(async () => {
    app = await start(topology.connectionOptions());
  });

  afterAll(() => app?.close());

  const contract = throttlerStorageContract(async () => {
    const storage = app.get(RedisThrottlerStorage);
    const own = isolatedNamespace();
    return {
      storage: {
        increment: (key, ttl, limit, blockDuration, name) =>
          storage.increment(`${own}-${key}`, ttl, limit, blockDuration, name),
      },
      dispose: async () => undefined,
    };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());

  it('leaves no key without an expiry', async () => {
    await app.get(RedisThrottlerStorage).increment('a', HOUR, 1, 0, 'default');
    // A Cluster client knows its masters from its first command on.
    await topology.admin.ping();
    expect(await keysWithoutExpiry(topology.admin, '*')).toEqual([]);
  });
});

describe('the storage of hits when Redis is away', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis?.stop());

  const FAULTS = [
    { how: 'hung', away: async () => redis.pause(), back: async () => redis.resume() },
    { how: 'killed', away: () => redis.kill(), back: () => redis.restart() },
  ];
  const OUTAGES = FAULTS.flatMap((fault) => [
    { ...fault, does: 'counts in this process alone', onFailure: 'local' as const },
    { ...fault, does: 'lets everybody through', onFailure: 'open' as const },
    { ...fault, does: 'refuses everybody with 503', onFailure: 'closed' as const },
  ]);

  it.each(OUTAGES)('($how) $does, and counts in Redis again when it is back', async (outage) => {
    const { onFailure, away, back } = outage;
    const namespace = isolatedNamespace();
    const app = await start({ url: redis.url }, { onFailure, deadline: '1s' }, namespace);
    const degraded: string[] = [];
    app.get(RedisKitEvents).on('throttler.degraded', ({ throttler }) => degraded.push(throttler));
    const hit = (key = 'key') =>
      app.get(RedisThrottlerStorage).increment(key, HOUR, 2, 0, 'default');
    const isInRedis = (key: string) =>
      redis.client().exists(`${namespace}:v1:throttler:{default:${key}}`);
    try {
      await eventually(async () => {
        await hit('before');
        expect(await isInRedis('before')).toBe(1);
      });
      await away();
      try {
        const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => hit()));
        const passed = outcomes.map((outcome) =>
          outcome.status === 'fulfilled' ? !outcome.value.isBlocked : outcome.reason.getStatus(),
        );
        expect(passed).toEqual(
          {
            local: [true, true, false, false, false],
            open: Array(5).fill(true),
            closed: Array(5).fill(503),
          }[onFailure],
        );
        expect(degraded).toContain('default');
      } finally {
        await back();
      }
      await eventually(
        async () => {
          await hit('after');
          expect(await isInRedis('after')).toBe(1);
        },
        { within: 20_000 },
      );
    } finally {
      await app.close();
    }
  });

  it('does not boot with a connection that does not exist', async () => {
    const booting = start({ url: redis.url }, { connection: 'limits' });
    await expect(booting).rejects.toBeInstanceOf(ConfigurationError);
    await expect(booting).rejects.toThrow("There is no Redis connection 'limits'");
  });
});

describe('@nestjs/throttler with the storage, in two processes', () => {
  let redis: RedisServer;
  let processes: ScenarioProcesses<typeof methods>;

  beforeAll(async () => {
    redis = await RedisServer.start();
    processes = await runProcesses(
      2,
      new URL('../scenarios/throttled-application.ts', import.meta.url),
      { execArgv: TYPESCRIPT_ARGS, args: [redis.url, isolatedNamespace()] },
    );
  });

  afterAll(async () => {
    await processes?.stop();
    await redis?.stop();
  });

  it('lets exactly the limit through, of many requests at once, and says so in headers', async () => {
    const answers = (await processes.all('request', '/limited', 150)).flat();
    const passed = answers.filter(({ status }) => status === 200);
    expect(passed).toHaveLength(100);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(200);
    expect(passed.map(({ remaining }) => remaining).sort((a, b) => b - a)).toEqual(
      Array.from({ length: 100 }, (_, at) => 99 - at),
    );
    const refused = answers.find(({ status }) => status === 429)!;
    expect(refused.retryAfter).toBeGreaterThan(3_500);
    expect(refused.retryAfter).toBeLessThanOrEqual(3_600);
  });

  it('starts anew after a block that is shorter than the time hits count', async () => {
    const one = async () => (await processes.call(0, 'request', '/blocked', 1))[0]!;
    expect([(await one()).status, (await one()).status]).toEqual([200, 429]);
    await eventually(async () => expect((await one()).status).toBe(200));
    expect((await processes.call(1, 'request', '/blocked', 1))[0]!.status).toBe(429);
  });
});

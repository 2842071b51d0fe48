import { describe, expect, it } from '@jest/globals';
import { CacheService, getRedisToken } from 'nestjs-redis-kit';
import { eventually, RedisServer } from 'nestjs-redis-kit/testing';
import { Redis, type Cluster } from 'ioredis';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { RedisConnections } from '../../libs/redis-kit/src/core/connections/redis-connections.js';
import type { Topology } from '../support/topologies/topology.js';

const SHUTDOWN_TIMEOUT_MS = 1_500;
const SLACK_MS = 5_000;

const CONDITIONS: {
  name: string;
  begin(t: Topology): Promise<void>;
  end(t: Topology): Promise<void>;
}[] = [
  { name: 'healthy', begin: async () => undefined, end: async () => undefined },
  { name: 'hung', begin: async (t) => t.pauseAll(), end: (t) => t.resumeAll() },
  { name: 'dead', begin: (t) => t.killAll(), end: (t) => t.restartAll() },
];

describeTopologies('app.close()', (topology) => {
  it.each(CONDITIONS)('ends within its deadline with Redis $name', async ({ begin, end }) => {
    const app = await startApplication({
      connections: { default: topology.connectionOptions() },
      shutdownTimeout: SHUTDOWN_TIMEOUT_MS,
    });
    const redis = app.get<Redis>(getRedisToken());
    const cache = app.get(CacheService);
    const connection = app.get(RedisConnections).get();
    await connection.subscriber.subscribe('news', () => undefined).ready;
    const blocking = connection.openBlocking('queue');
    const reading = blocking
      .run(30_000, (client) => client.blpop('queue', 30))
      .catch((e: Error) => e);
    await cache.set('key', 'value');

    await begin(topology);
    const command = redis.get('key').catch((error: Error) => error);
    const miss = cache.getOrSet('other', () => 'value');
    const startedAt = performance.now();
    await app.close();
    expect(performance.now() - startedAt).toBeLessThan(SHUTDOWN_TIMEOUT_MS + SLACK_MS);
    expect(await miss).toBe('value');
    expect(await reading).toBeInstanceOf(Error);
    await end(topology);
    await command;
  });
});

describe('connections at shutdown', () => {
  it('are all closed by us, except the one the application gave', async () => {
    await using server = await RedisServer.start();
    const given = new Redis(server.url);
    const app = await startApplication({
      connections: { default: { client: given }, other: { url: server.url } },
    });
    await app.get(CacheService).set('key', 'value');
    await app
      .get(RedisConnections)
      .get()
      .subscriber.subscribe('news', () => undefined).ready;
    await app.close();

    const admin = server.client();
    const own = `id=${await admin.client('ID')} `;
    await eventually(async () => {
      const clients = String(await admin.client('LIST'))
        .trim()
        .split('\n');
      expect(clients.filter((line) => !line.startsWith(own))).toHaveLength(1);
    });
    expect(await given.ping()).toBe('PONG');
    given.disconnect();
  });
});

describeTopologies(
  'a slot map that is refreshed at shutdown',
  (topology) => {
    it('is not refreshed again: the process would never end', async () => {
      const app = await startApplication({
        connections: { default: topology.connectionOptions() },
      });
      const cluster = app.get(RedisConnections).get().command as Cluster;
      const underWay: (() => void)[] = [];
      cluster.refreshSlotsCache = (done) => underWay.push(() => done?.());
      await eventually(() => expect(underWay).toHaveLength(1));
      await app.close();
      const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout');
      const before = timers();
      underWay[0]!();
      expect(timers()).toEqual(before);
    });
  },
  { only: ['cluster'] },
);

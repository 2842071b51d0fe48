import { setTimeout as queryTime } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CacheService, RedisKitEvents } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';

const QUERY_MS = 20;
/** Beyond the deadline of a read (100 ms), within that of an invalidation. */
const SLOW_MS = 200;
const INVALIDATION_DEADLINE = '3s';
/** What a busy machine may add; the promise under test is "bounded by the deadline", the fault is "for ever". */
const SLACK_MS = 3_000;
const PATIENCE = { within: 30_000 };
const TAGGED = { tags: ['tag'], ttl: '1h' } as const;

/** A database that takes its time. */
const query = (value: string) => () => queryTime(QUERY_MS, value);

interface Outage {
  readonly name: string;
  begin(server: RedisServer, proxy: TcpProxy): Promise<unknown>;
  end(server: RedisServer, proxy: TcpProxy): Promise<unknown>;
  /** Whether Redis is not asked any more after a while; where it answers with errors it depends on what else happens. */
  readonly opensCircuit: boolean;
  /** Whether an invalidation of a tag, and that of a key, can be applied all the same. */
  readonly takesTags: boolean;
  readonly takesKeys: boolean;
}

const OUTAGES: Outage[] = [
  {
    name: 'dead (kill -9), and restarted with its data',
    begin: (server) => server.kill(),
    end: (server) => server.restart(),
    opensCircuit: true,
    takesTags: false,
    takesKeys: false,
  },
  {
    name: 'hung (SIGSTOP)',
    begin: async (server) => server.pause(),
    end: async (server) => server.resume(),
    opensCircuit: true,
    takesTags: false,
    takesKeys: false,
  },
  {
    name: `slow (${SLOW_MS} ms)`,
    begin: async (_, proxy) => proxy.delay(SLOW_MS, 'replies'),
    end: (_, proxy) => proxy.heal(),
    opensCircuit: true,
    takesTags: true,
    takesKeys: true,
  },
  {
    name: 'unreachable (nothing arrives, nothing is closed)',
    begin: async (_, proxy) => proxy.blackhole(),
    end: (_, proxy) => proxy.heal(),
    opensCircuit: true,
    takesTags: false,
    takesKeys: false,
  },
  {
    name: 'full (noeviction)',
    begin: (server) => server.configSet('maxmemory', '1'),
    end: (server) => server.configSet('maxmemory', '0'),
    opensCircuit: false,
    takesTags: false,
    takesKeys: true,
  },
  {
    name: 'a read-only replica',
    begin: (server) => server.call('REPLICAOF', '127.0.0.1', 1),
    end: (server) => server.call('REPLICAOF', 'NO', 'ONE'),
    opensCircuit: false,
    takesTags: false,
    takesKeys: false,
  },
];

describe('a cache whose Redis is', () => {
  let server: RedisServer;
  let proxy: TcpProxy;

  beforeEach(async () => {
    server = await RedisServer.start({ config: { appendonly: 'yes', appendfsync: 'always' } });
    proxy = await TcpProxy.start(server);
  });

  afterEach(async () => {
    await proxy.stop();
    await server.stop();
  });

  it.each(OUTAGES)(
    '$name answers in time, and nothing that was invalidated meanwhile comes back',
    async ({ begin, end, opensCircuit, takesTags, takesKeys }) => {
      const namespace = isolatedNamespace();
      const start = () =>
        startApplication({
          namespace,
          url: proxy.url,
          caches: { default: { l1: {}, invalidationDeadline: INVALIDATION_DEADLINE } },
        });
      const apps = [await start(), await start()] as const;
      const caches = apps.map((app) => app.get(CacheService));
      const [here] = caches as [CacheService, CacheService];
      const opened: string[] = [];
      const closed: string[] = [];
      apps[0].get(RedisKitEvents).on('circuit.opened', ({ circuit }) => opened.push(circuit));
      apps[0].get(RedisKitEvents).on('circuit.closed', ({ circuit }) => closed.push(circuit));
      const readTagged = (cache: CacheService) => cache.getOrSet('tagged', query('new'), TAGGED);
      const readDeleted = (cache: CacheService) => cache.getOrSet('deleted', query('new'));
      try {
        await eventually(async () => {
          await here.set('tagged', 'old', TAGGED);
          await here.set('deleted', 'old');
          for (const cache of caches) {
            expect(cache.localMemory).toBe('armed');
            expect([await cache.get('tagged'), await cache.get('deleted')]).toEqual(['old', 'old']);
          }
        }, PATIENCE);

        await begin(server, proxy);
        const applied = [here.invalidateTags('tag'), here.delete('deleted')].map(isApplied);
        expect(await Promise.all(applied)).toEqual([takesTags, takesKeys]);
        expect(here.pendingInvalidations).toBe(Number(!takesTags) + Number(!takesKeys));
        for (let read = 0; read < 10; read++) {
          const startedAt = performance.now();
          expect(await here.getOrSet(`other ${read}`, query('database'))).toBe('database');
          expect(performance.now() - startedAt).toBeLessThan(SLACK_MS);
          expect([await readTagged(here), await readDeleted(here)]).toEqual(['new', 'new']);
        }
        if (opensCircuit) expect(opened.length).toBeGreaterThan(0);

        await end(server, proxy);
        await eventually(async () => {
          // Not even between the return of Redis and the replay.
          expect([await readTagged(here), await readDeleted(here)]).toEqual(['new', 'new']);
          expect(here.pendingInvalidations).toBe(0);
          expect(closed).toEqual(opened);
          const key = `back ${performance.now()}`;
          await here.getOrSet(key, query('stored'));
          expect(await here.get(key)).toBe('stored');
        }, PATIENCE);
        await eventually(async () => {
          for (const cache of caches) {
            expect([await readTagged(cache), await readDeleted(cache)]).toEqual(['new', 'new']);
            expect(cache.localMemory).toBe('armed');
          }
        }, PATIENCE);
        for (const cache of caches) {
          expect([await readTagged(cache), await readDeleted(cache)]).toEqual(['new', 'new']);
        }
      } finally {
        await Promise.all(apps.map((app) => app.close()));
      }
    },
  );
});

const isApplied = (invalidation: Promise<unknown>): Promise<boolean> =>
  invalidation.then(
    () => true,
    () => false,
  );

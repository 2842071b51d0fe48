import { once } from 'node:events';
import { connect } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import { CacheService, RedisKitEvents, type RedisKitOptions } from 'nestjs-redis-kit';
import {
  eventually,
  isolatedNamespace,
  RedisServer,
  type ServerAddress,
} from 'nestjs-redis-kit/testing';
import { Caches } from '../../libs/redis-kit/src/cache/caches.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate } from '../support/gate.js';

const L1: RedisKitOptions['caches'] = { default: { l1: {}, deadline: '5s' } };
const ARMED_WITHIN = { within: 10_000 };

const armed = (...caches: CacheService[]) =>
  eventually(
    () => expect(caches.map((cache) => cache.localMemory)).toEqual(caches.map(() => 'armed')),
    ARMED_WITHIN,
  );

/** Where a read of the key is served from; undefined is a miss. */
async function tierOf(app: INestApplicationContext, key: string): Promise<string | undefined> {
  let served: string | undefined;
  const stop = app.get(RedisKitEvents).on('cache.hit', ({ tier }) => (served = tier));
  await app.get(CacheService).get(key);
  stop();
  return served;
}

/** Reads until the value is served from this process' memory. */
const remembered = (app: INestApplicationContext, key: string) =>
  eventually(async () => expect(await tierOf(app, key)).toBe('memory'));

/** A command as a person types it: no client library, no handshake. A master that does not hold the key refuses it. */
async function typedAt({ host, port }: ServerAddress, command: string): Promise<void> {
  const socket = connect(port, host);
  socket.write(`${command}\r\n`);
  await once(socket, 'data');
  socket.destroy();
}

describeTopologies('an L1 cache', (topology) => {
  let namespace: string;

  async function withProcesses(
    run: (caches: [CacheService, CacheService], apps: INestApplicationContext[]) => Promise<void>,
  ): Promise<void> {
    namespace = isolatedNamespace();
    const start = () =>
      startApplication({
        namespace,
        connections: { default: topology.connectionOptions() },
        caches: L1,
      });
    const apps = await Promise.all([start(), start()]);
    const caches = apps.map((app) => app.get(CacheService)) as [CacheService, CacheService];
    try {
      await armed(...caches);
      await run(caches, apps);
    } finally {
      await Promise.all(apps.map((app) => app.close()));
    }
  }

  it('answers without asking Redis, with frozen values of the same types', async () => {
    await withProcesses(async ([cache], [app]) => {
      const value = { when: new Date(0), tags: new Map([['a', { b: 1 }]]), list: [{ c: 2 }] };
      await cache.getOrSet('key', () => value, { tags: ['x', 'y'] });
      await remembered(app!, 'key');
      const served = await cache.getOrSet('key', (): typeof value => ({ ...value, list: [] }), {
        tags: ['x'],
      });
      expect(served).toEqual(value);
      expect(Object.isFrozen(served) && Object.isFrozen(served.list[0])).toBe(true);
      const [master] = await topology.masters();
      const commands = await master!.commandsDuring(async () => {
        for (let i = 0; i < 100; i++) await cache.get('key');
      });
      expect([commands['get'] ?? 0, commands['mget'] ?? 0]).toEqual([0, 0]);
    });
  });

  it.each([
    ['delete', (cache: CacheService) => cache.delete('key')],
    ['set', (cache: CacheService) => cache.set('key', 'new', { tags: ['tag'] })],
    ['invalidateTags', (cache: CacheService) => cache.invalidateTags('tag')],
    ['clear', (cache: CacheService) => cache.clear()],
  ])(
    'forgets at once what this process changes by %s, and soon what another does',
    async (_, change) => {
      await withProcesses(async ([here, there], [app, other]) => {
        for (const changer of [here, there]) {
          await here.set('key', 'old', { tags: ['tag'] });
          await eventually(async () => expect(await there.get('key')).toBe('old'));
          await Promise.all([remembered(app!, 'key'), remembered(other!, 'key')]);
          await change(changer);
          expect(await changer.get('key')).not.toBe('old');
          await eventually(async () => {
            expect(await here.get('key')).not.toBe('old');
            expect(await there.get('key')).not.toBe('old');
          });
        }
      });
    },
  );

  it('forgets what any other client writes, deletes or flushes, and what expires', async () => {
    await withProcesses(async (caches, apps) => {
      const entryKey = `${namespace}:v1:cache:{default:key}`;
      const typed = async (command: string) =>
        Promise.all((await topology.masters()).map((server) => typedAt(server, command)));
      const foreign: (() => Promise<unknown>)[] = [
        () => topology.admin.set(entryKey, 'not ours', 'PX', 60_000),
        () => topology.admin.unlink(entryKey),
        () => typed(`SET ${entryKey} typed EX 60`),
        () => typed(`DEL ${entryKey}`),
        () => typed(`SET ${namespace}:v1:cache-tag:{default:tag} 0123456789abcdef EX 60`),
        () => typed(`DEL ${namespace}:v1:cache-epoch:{default}`),
        () => topology.admin.pexpire(entryKey, 1),
        async () =>
          Promise.all((await topology.masters()).map((server) => server.call('FLUSHALL'))),
      ];
      for (const act of foreign) {
        await caches[0].set('key', 'old', { tags: ['tag'] });
        await eventually(async () => expect(await caches[1].get('key')).toBe('old'));
        await Promise.all(apps.map((app) => remembered(app, 'key')));
        await act();
        for (const cache of caches) {
          await eventually(async () => expect(await cache.lookup('key')).toEqual({ hit: false }));
        }
      }
    });
  });

  it('serves nothing any more of which every token was evicted, also after new ones were made', async () => {
    await withProcesses(async (caches, apps) => {
      const tagged = Array.from({ length: 20 }, (_, i) => ({
        key: `key ${i}`,
        tag: `tag ${i % 5}`,
      }));
      for (const { key, tag } of tagged) await caches[0].set(key, 'old', { tags: [tag] });
      for (const app of apps) for (const { key } of tagged) await remembered(app, key);
      const tokens = [0, 1, 2, 3, 4].map((i) => `${namespace}:v1:cache-tag:{default:tag ${i}}`);
      for (const token of tokens) expect(await topology.admin.unlink(token)).toBe(1);
      for (const cache of caches) {
        await eventually(async () =>
          expect((await cache.getMany(tagged.map(({ key }) => key))).size).toBe(0),
        );
      }
      for (const [i, { key, tag }] of tagged.entries()) {
        const cache = caches[i % 2]!;
        if (i % 4 === 0)
          expect(await cache.getOrSet(key, () => 'new', { tags: [tag] })).toBe('new');
      }
      for (const cache of caches) {
        for (const { key } of tagged) expect(await cache.get(key)).not.toBe('old');
      }
    });
  });

  it('keeps a value no longer than until this process is to make it anew, early as that may be', async () => {
    await withProcesses(async ([cache], [app]) => {
      const options = { ttl: '20s', jitter: 0, earlyRefresh: 100 } as const;
      const tiers: string[] = [];
      app!.get(RedisKitEvents).on('cache.hit', ({ tier }) => tiers.push(tier));
      // The most eager reader there is.
      const random = jest.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON / 2);
      try {
        const takesTime = () => {
          const until = performance.now() + 20;
          while (performance.now() < until);
          return 'old';
        };
        await cache.getOrSet('key', takesTime, options);
        const refresh = gate<string>();
        for (let read = 0; read < 10; read++) {
          expect(await cache.getOrSet('key', refresh.factory, options)).toBe('old');
        }
        await refresh.entered;
        refresh.open('new');
        expect(tiers).toEqual(Array.from({ length: 10 }, () => 'store'));
      } finally {
        random.mockRestore();
      }
    });
  });

  it('is suspended while its links are down, and serves nothing old when they are back', async () => {
    await withProcesses(async ([here, there], [app]) => {
      await here.set('key', 'old', { tags: ['tag'] });
      await remembered(app!, 'key');
      let suspended = 0;
      app!.get(RedisKitEvents).on('tracking.suspended', () => suspended++);
      for (let round = 0; round < 3; round++) {
        await Promise.all(
          (await topology.masters()).map((server) => server.killClients({ type: 'pubsub' })),
        );
        await there.invalidateTags('tag');
        // Either not armed, and asked of Redis, or armed anew after it forgot everything.
        await eventually(async () => expect(await here.get('key')).toBeUndefined());
        await armed(here);
        expect(await here.get('key')).toBeUndefined();
        // The other process replays its invalidations once its links are back, so the value may have to be set again.
        await eventually(async () => {
          if ((await here.get('key')) === undefined)
            await here.set('key', 'old', { tags: ['tag'] });
          expect(await tierOf(app!, 'key')).toBe('memory');
        });
      }
      expect(suspended).toBeGreaterThanOrEqual(3);
    });
  });

  it('is not trusted any longer than two intervals once Redis hangs', async () => {
    await withProcesses(async ([cache], [app]) => {
      await cache.set('key', 'old');
      await remembered(app!, 'key');
      topology.pauseAll();
      await eventually(() => expect(cache.localMemory).toBe('suspended'), { within: 5_000 });
      await topology.resumeAll();
      await armed(cache);
      await eventually(async () => expect(await cache.get('key')).toBe('old'), ARMED_WITHIN);
    });
  });
});

describe('an L1 cache on a server that refuses tracking', () => {
  it('is off, says why, and the cache works without', async () => {
    await using server = await RedisServer.start();
    const admin = server.client();
    await admin.acl('SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-client|tracking');
    const reasons: string[] = [];
    const app = await startApplication({
      url: `redis://app:secret@${server.host}:${server.port}`,
      caches: L1,
      onEvents: { 'tracking.refused': ({ reason }) => reasons.push(reason) },
    });
    const health = () => app.get(Caches).statusOf('default');
    const cache = app.get(CacheService);
    await eventually(() => expect(cache.localMemory).toBe('refused'), ARMED_WITHIN);
    expect(reasons.join()).toMatch(/NOPERM/);
    // Between two attempts nothing is known to be refused.
    await eventually(() =>
      expect(health()).toMatchObject({
        default: { localMemory: 'refused', localMemoryRefusal: expect.stringMatching(/NOPERM/) },
      }),
    );
    await cache.set('key', 'value');
    expect(await cache.get('key')).toBe('value');
    await app.close();
  });

  it('is refused at boot where it cannot work', async () => {
    await expect(
      startApplication({ connect: 'lazy', caches: { a: { store: 'memory', l1: {} } } }),
    ).rejects.toThrow(/cannot have an l1/);
    await expect(
      startApplication({ connect: 'lazy', caches: { a: { strict: true, l1: {} } } }),
    ).rejects.toThrow(/'a' has an l1 that its strict reads never look into/);
  });
});

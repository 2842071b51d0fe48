import type { INestApplicationContext } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { CacheService, RedisKitEvents, type RedisKitOptions } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { Caches } from '../../libs/redis-kit/src/cache/caches.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

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
    await withProcesses(async ([cache], [app]) => {
      const entryKey = `${namespace}:v1:cache:{default:key}`;
      const foreign: (() => Promise<unknown>)[] = [
        () => topology.admin.set(entryKey, 'not ours', 'PX', 60_000),
        () => topology.admin.unlink(entryKey),
        () => topology.admin.pexpire(entryKey, 1),
        async () =>
          Promise.all((await topology.masters()).map((server) => server.call('FLUSHALL'))),
      ];
      for (const act of foreign) {
        await cache.set('key', 'old');
        await remembered(app!, 'key');
        await act();
        await eventually(async () => expect(await cache.lookup('key')).toEqual({ hit: false }));
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

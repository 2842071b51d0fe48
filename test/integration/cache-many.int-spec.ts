import { expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  CacheLoaderError,
  CachePatternError,
  CacheService,
  RedisKitEvents,
  type CacheOptions,
} from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, keysWithoutExpiry } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate } from '../support/gate.js';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `key-${i}`);
const asRecord = (keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, `loaded ${key}`]));

describeTopologies('many keys', (topology) => {
  let namespace: string;

  async function withProcesses(
    count: number,
    run: (caches: CacheService[], apps: INestApplicationContext[]) => Promise<void>,
    options: CacheOptions = {},
  ): Promise<void> {
    namespace = isolatedNamespace();
    const apps = await Promise.all(
      Array.from({ length: count }, () =>
        startApplication({
          namespace,
          connections: { default: topology.connectionOptions() },
          caches: { default: { deadline: '5s', invalidationDeadline: '5s', ...options } },
        }),
      ),
    );
    try {
      await run(
        apps.map((app) => app.get(CacheService)),
        apps,
      );
      await topology.admin.ping();
      expect(await keysWithoutExpiry(topology.admin, `${namespace}:*`)).toEqual([]);
    } finally {
      await Promise.all(apps.map((app) => app.close()));
    }
  }

  /** What all masters executed while `task` ran. */
  async function commandsDuring(task: () => Promise<unknown>): Promise<Record<string, number>> {
    const during: Record<string, number> = {};
    const masters = await topology.masters();
    const counted = masters.reduce<() => Promise<unknown>>(
      (inner, server) => async () => {
        for (const [name, calls] of Object.entries(await server.commandsDuring(inner))) {
          during[name] = (during[name] ?? 0) + calls;
        }
      },
      task,
    );
    await counted();
    return during;
  }

  /** So that it is known how many keys are read. */
  const EACH_TOKEN_READ: CacheOptions = { tracking: false };

  it('are read at once, and the missing ones loaded by one call', async () => {
    await withProcesses(
      2,
      async ([cache, other]) => {
        const keys = numbered(6);
        await cache!.setMany({ 'key-0': 'stored 0', 'key-2': 'stored 2', 'key-4': 'stored 4' });
        await cache!.getMany(['warm'], asRecord);
        const asked: (readonly string[])[] = [];
        const load = (missing: readonly string[]) => (asked.push(missing), asRecord(missing));
        let found: Map<string, string> | undefined;
        const commands = await commandsDuring(async () => {
          found = await cache!.getMany([...keys, ...keys, 'key-0'], load, { tags: ['tag'] });
        });
        // Those stored without the tag are missing for whoever declares it.
        expect(asked).toEqual([keys]);
        expect([...found!.keys()]).toEqual(keys);
        expect(found!.get('key-5')).toBe('loaded key-5');
        const reads = topology.name === 'cluster' ? { get: 8 } : { mget: 1 };
        expect(commands).toMatchObject(reads);

        await other!.delete('key-1');
        await other!.delete('key-3');
        const again = await cache!.getMany(keys, load, { tags: ['tag'] });
        expect(asked[1]).toEqual(['key-1', 'key-3']);
        expect([...again.keys()]).toEqual(keys);
        const hits = await other!.getMany<string>([...keys, 'absent']);
        expect([...hits]).toEqual([...again]);
        expect(asked).toHaveLength(2);
      },
      EACH_TOKEN_READ,
    );
  });

  it('may be thousands, in all slots', async () => {
    await withProcesses(
      2,
      async ([cache, other]) => {
        const keys = numbered(1_101);
        await cache!.setMany(new Map(keys.filter((_, i) => i % 2).map((key, i) => [key, i])));
        let calls = 0;
        const load = (missing: readonly string[]) => (calls++, missing.map((key) => key.length));
        const found = await cache!.getMany<number>(keys, load);
        expect([...found.keys()]).toEqual(keys);
        expect([calls, found.get('key-10'), found.get('key-11')]).toEqual([1, 6, 5]);
        const commands = await commandsDuring(async () => {
          expect((await other!.getMany(keys)).size).toBe(1_101);
        });
        if (topology.name !== 'cluster') expect(commands).toMatchObject({ mget: 3 });
        expect(await other!.deleteMany(keys)).toBe(true);
        expect(await cache!.deleteMany(keys)).toBe(false);
        expect((await cache!.getMany(keys)).size).toBe(0);
      },
      EACH_TOKEN_READ,
    );
  });

  const INVALIDATIONS: { name: string; apply: (cache: CacheService) => Promise<unknown> }[] = [
    { name: 'delete', apply: (cache) => cache.delete('b') },
    { name: 'set', apply: (cache) => cache.set('b', 'new', { tags: ['tag b'] }) },
    {
      name: 'setMany',
      apply: (cache) => cache.setMany({ b: 'new' }, { tags: (key) => [`tag ${key}`] }),
    },
    { name: 'put', apply: (cache) => cache.put('b', () => 'new', { tags: ['tag b'] }) },
    { name: 'deleteMany', apply: (cache) => cache.deleteMany(['b', 'x']) },
    { name: 'invalidateTags', apply: (cache) => cache.invalidateTags('tag b') },
    { name: 'invalidatePattern', apply: (cache) => cache.invalidatePattern('[b]') },
    { name: 'clear', apply: (cache) => cache.clear() },
  ];

  it.each(INVALIDATIONS)('late values are kept out by $name', async ({ name, apply }) => {
    await withProcesses(2, async ([here, there]) => {
      for (const invalidator of [here!, there!]) {
        await here!.clear();
        const old = gate<Record<string, string>>();
        const options = { tags: (key: string) => [`tag ${key}`] };
        const late = here!.getMany(['a', 'b'], old.factory, options);
        await old.entered;
        await apply(invalidator);
        const next = await invalidator.getOrSet('b', () => 'new', { tags: ['tag b'] });
        expect(next).toBe('new');
        old.open({ a: 'old', b: 'old' });
        expect(Object.fromEntries(await late)).toEqual({ a: 'old', b: 'old' });
        expect(await there!.get('b')).toBe('new');
        expect(await there!.get('a')).toBe(name === 'clear' ? undefined : 'old');
      }
    });
  });

  it('share what is in the air, in both directions', async () => {
    await withProcesses(1, async ([cache]) => {
      const single = gate<string>();
      const many = gate<Record<string, string>>();
      const a = cache!.getOrSet('a', single.factory);
      const asked: string[] = [];
      const all = cache!.getMany(['a', 'b', 'c'], (keys) => (asked.push(...keys), many.factory()));
      await Promise.all([single.entered, many.entered]);
      let own = 0;
      const b = cache!.getOrSet('b', () => `own ${++own}`);
      const c = cache!.getOrSet('c', () => `own ${++own}`);
      single.open('A');
      many.open({ b: 'B' });
      expect(Object.fromEntries(await all)).toEqual({ a: 'A', b: 'B' });
      expect(asked).toEqual(['b', 'c']);
      // The loader of many knew nothing of c, so its own factory had to run.
      expect(await Promise.all([a, b, c])).toEqual(['A', 'B', 'own 1']);
      const within = await cache!.getOrSet('self', async () => {
        const inner = await cache!.getMany(['self', 'd'], asRecord);
        return `${inner.get('self')}, ${inner.get('d')}`;
      });
      expect(within).toBe('loaded self, loaded d');
    });
  });

  it('that another process loads are waited for, up to the bound', async () => {
    await withProcesses(
      2,
      async ([one, two]) => {
        const led = gate<string>();
        const first = one!.getOrSet('led', led.factory);
        await led.entered;
        const asked: string[][] = [];
        const slow = two!.getMany(
          ['led', 'free'],
          (keys) => (asked.push([...keys]), asRecord(keys)),
        );
        expect(Object.fromEntries(await slow)).toEqual({
          led: 'loaded led',
          free: 'loaded free',
        });
        expect(asked).toEqual([['free'], ['led']]);
        led.open('leader');
        expect(await first).toBe('leader');
        expect(await two!.get('led')).toBe('leader');
      },
      { leaderWait: 50 },
    );
    await withProcesses(2, async ([one, two]) => {
      const led = gate<string>();
      const first = one!.getOrSet('led', led.factory);
      await led.entered;
      const both = two!.getMany(['led', 'free'], (keys) => (led.open('leader'), asRecord(keys)));
      expect(Object.fromEntries(await both)).toEqual({ led: 'leader', free: 'loaded free' });
      await first;
    });
  });

  it('of which the loader gives too little or too much are stored as far as they were asked for', async () => {
    await withProcesses(1, async ([cache]) => {
      const load = () =>
        new Map<string, number | null>([
          ['a', null],
          ['z', 26],
        ]);
      expect([...(await cache!.getMany(['a', 'b'], load))]).toEqual([['a', null]]);
      expect(await cache!.lookup('a')).toEqual({ hit: true, value: null });
      expect([...(await cache!.getMany(['a', 'b', 'z']))]).toEqual([['a', null]]);
      expect([...(await cache!.getMany(['a', 'b'], () => [undefined]))]).toEqual([['a', null]]);
      expect([...(await cache!.getMany(['constructor'], () => ({})))]).toEqual([]);
      for (const wrong of [() => [1], () => null as never, () => 'text' as never]) {
        await expect(cache!.getMany(['x', 'y'], wrong)).rejects.toBeInstanceOf(CacheLoaderError);
      }
      expect(await cache!.getMany([], () => Promise.reject(new Error('not called')))).toEqual(
        new Map(),
      );
    });
  });

  it('whose loader throws leave no lease behind', async () => {
    await withProcesses(2, async ([cache, other]) => {
      const fail = () => Promise.reject(new Error('no data'));
      await expect(cache!.getMany(numbered(50), fail)).rejects.toThrow('no data');
      // A lease would make this wait for seconds, and would not be replaced.
      const found = await other!.getMany(numbered(50), asRecord);
      expect(found.size).toBe(50);
      expect((await cache!.getMany(numbered(50))).size).toBe(50);
    });
  });

  it('are loaded by one call when Redis is away, and nothing hangs', async () => {
    await withProcesses(
      1,
      async ([cache], [app]) => {
        await cache!.setMany(asRecord(['key-0']));
        const errors: string[] = [];
        app!.get(RedisKitEvents).on('cache.error', ({ operation }) => errors.push(operation));
        topology.pauseAll();
        try {
          let calls = 0;
          const load = (keys: readonly string[]) => (calls++, asRecord(keys));
          expect((await cache!.getMany(numbered(1_200), load)).size).toBe(1_200);
          expect(calls).toBe(1);
          expect(await cache!.getMany(numbered(3))).toEqual(new Map());
          expect(await cache!.setMany(asRecord(numbered(3)))).toBe(0);
          expect(errors.length).toBeLessThan(30);
          await expect(cache!.deleteMany(['key-0', 'key-1'])).rejects.toThrow(/2 keys.*queued/);
          expect(cache!.pendingInvalidations).toBe(2);
        } finally {
          await topology.resumeAll();
        }
      },
      { deadline: '100ms' },
    );
  });

  it('that match a pattern are removed on all masters, and no others', async () => {
    await withProcesses(2, async ([cache, other]) => {
      const odd = ['user:*', 'user:[a]', 'user:\\', 'user:}', 'user:é', 'a*b'];
      const keys = [...numbered(300), ...odd];
      await cache!.setMany(asRecord(keys));
      const foreign = `${namespace}X:v1:cache:{default:user:1}`;
      await topology.admin.set(foreign, 'foreign', 'EX', 60);
      const left = async () => (await other!.getMany(keys)).size;
      const progress: number[] = [];
      for (const [glob, count] of [
        ['user:\\*', 1],
        ['user:[', 0],
        ['user:\\', 1],
        ['user:[}', 1],
        ['a\\*?', 1],
        ['key-[0-4]', 5],
        ['nothing*', 0],
        ['*', 297],
      ] as const) {
        const onProgress = ({ removed }: { removed: number }) => progress.push(removed);
        const before = await left();
        expect([glob, await cache!.invalidatePattern(glob, { onProgress })]).toEqual([glob, count]);
        expect(await left()).toBe(before - count);
      }
      expect(progress.at(-1)).toBe(297);
      expect(await topology.admin.get(foreign)).toBe('foreign');
      await expect(cache!.invalidatePattern('')).rejects.toThrow('not empty');
    });
  });

  it('that match a pattern: a removal that Redis did not take says how far it got', async () => {
    await withProcesses(
      1,
      async ([cache]) => {
        await cache!.setMany(asRecord(numbered(10)));
        topology.pauseAll();
        try {
          const outcome = cache!.invalidatePattern('key-*');
          await expect(outcome).rejects.toBeInstanceOf(CachePatternError);
          await expect(outcome).rejects.toMatchObject({ removed: 0, pattern: 'key-*' });
        } finally {
          await topology.resumeAll();
        }
      },
      { invalidationDeadline: '500ms' },
    );
  });

  it('are warmed by one of the processes that begin at once', async () => {
    await withProcesses(3, async (caches) => {
      await caches[0]!.set('key-0', 'there');
      let running = 0;
      let most = 0;
      const loads: string[] = [];
      const source = () =>
        numbered(30).map((key) => ({
          key,
          load: async () => {
            loads.push(key);
            most = Math.max(most, ++running);
            await topology.admin.ping();
            running -= 1;
            if (key === 'key-7') throw new Error('no data');
            return key;
          },
        }));
      const results = await Promise.all(caches.map((cache) => cache.warm(source, { every: '1h' })));
      const led = results.filter(({ skipped }) => !skipped);
      expect(led).toMatchObject([
        { loaded: 28, present: 1, failed: 1, failures: [{ key: 'key-7' }] },
      ]);
      expect(results.filter(({ skipped }) => skipped)).toHaveLength(2);
      expect([loads.length, most <= 8]).toEqual([29, true]);
      // It failed in part, so it may be tried again at once; after that, not for an hour.
      const again = () =>
        caches[1]!.warm(
          numbered(3).map((key) => ({ key, load: () => key })),
          { every: '1h' },
        );
      expect(await again()).toMatchObject({ skipped: false, loaded: 0, present: 3 });
      expect(await again()).toEqual({ skipped: true, reason: 'warmed-elsewhere' });
      const broken = () => Promise.reject(new Error('no list'));
      for (const cache of caches) {
        await expect(cache.warm(broken, { name: 'other' })).rejects.toThrow('no list');
      }
    });
  });

  const CHANGES: { name: string; apply: (cache: CacheService) => Promise<unknown> }[] = [
    { name: 'deleteMany', apply: (cache) => cache.deleteMany(['a', 'b']) },
    { name: 'setMany', apply: (cache) => cache.setMany({ a: 'new', b: 'new' }) },
    { name: 'invalidatePattern', apply: (cache) => cache.invalidatePattern('?') },
  ];

  it.each(CHANGES)(
    'are answered from memory until $name, here and in other processes',
    async ({ apply }) => {
      await withProcesses(
        2,
        async (caches) => {
          const [here, there] = caches as [CacheService, CacheService];
          const armed = () => caches.every((cache) => cache.localMemory === 'armed');
          await eventually(armed, { within: 20_000 });
          const load = () => ({ a: ['old'], b: ['old'] });
          for (const cache of caches) {
            // Kept once Redis has told how long the keys live.
            const isFromMemory = async () => {
              const commands = await commandsDuring(() => cache.getMany(['a', 'b'], load));
              return !commands['get'] && !commands['mget'];
            };
            await eventually(isFromMemory, { within: 20_000 });
            const found = await cache.getMany<string[]>(['a', 'b', 'a'], load);
            expect(found.get('a')).toEqual(['old']);
            expect(() => found.get('a')!.push('more')).toThrow(TypeError);
          }
          await apply(here);
          expect([...(await here.getMany(['a', 'b'])).values()]).not.toContainEqual(['old']);
          const strict = await there.getMany(['a', 'b'], undefined, { strict: true });
          expect([...strict.values()]).not.toContainEqual(['old']);
          const isGone = async () => {
            const values = [...(await there.getMany(['a', 'b'])).values()];
            return !values.some((value) => Array.isArray(value));
          };
          await eventually(isGone, { within: 20_000 });
        },
        { l1: {} },
      );
    },
  );
});

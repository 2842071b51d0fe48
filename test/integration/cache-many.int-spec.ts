import { expect, it } from '@jest/globals';
import { CacheLoaderError, RedisKitEvents, type CacheService } from 'nestjs-redis-kit';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate } from '../support/gate.js';
import { asRecord, commandsDuring, numbered, withCaches } from '../support/many-caches.js';

describeTopologies('many keys', (topology) => {
  it('are read at once, and the missing ones loaded by one call', async () => {
    await withCaches(topology, 2, async ([cache, other]) => {
      const keys = numbered(6);
      await cache!.setMany({ 'key-0': 'stored 0', 'key-2': 'stored 2', 'key-4': 'stored 4' });
      await cache!.getMany(['warm'], asRecord);
      const asked: (readonly string[])[] = [];
      const load = (missing: readonly string[]) => (asked.push(missing), asRecord(missing));
      let found: Map<string, string> | undefined;
      const commands = await commandsDuring(topology, async () => {
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
    });
  });

  it('may be thousands, in all slots', async () => {
    await withCaches(topology, 2, async ([cache, other]) => {
      const keys = numbered(1_101);
      await cache!.setMany(new Map(keys.filter((_, i) => i % 2).map((key, i) => [key, i])));
      let calls = 0;
      const load = (missing: readonly string[]) => (calls++, missing.map((key) => key.length));
      const found = await cache!.getMany<number>(keys, load);
      expect([...found.keys()]).toEqual(keys);
      expect([calls, found.get('key-10'), found.get('key-11')]).toEqual([1, 6, 5]);
      const commands = await commandsDuring(topology, async () => {
        expect((await other!.getMany(keys)).size).toBe(1_101);
      });
      if (topology.name !== 'cluster') expect(commands).toMatchObject({ mget: 3 });
      expect(await other!.deleteMany(keys)).toBe(true);
      expect(await cache!.deleteMany(keys)).toBe(false);
      expect((await cache!.getMany(keys)).size).toBe(0);
    });
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
    await withCaches(topology, 2, async ([here, there]) => {
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
    await withCaches(topology, 1, async ([cache]) => {
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
    await withCaches(
      topology,
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
        // By one call more, unless the first look has taken longer than the bound.
        expect(asked.flat().sort()).toEqual(['free', 'led']);
        led.open('leader');
        expect(await first).toBe('leader');
        expect(await two!.get('led')).toBe('leader');
      },
      { leaderWait: 50 },
    );
    await withCaches(topology, 2, async ([one, two]) => {
      const led = gate<string>();
      const first = one!.getOrSet('led', led.factory);
      await led.entered;
      const both = two!.getMany(['led', 'free'], (keys) => (led.open('leader'), asRecord(keys)));
      expect(Object.fromEntries(await both)).toEqual({ led: 'leader', free: 'loaded free' });
      await first;
    });
  });

  it('of which the loader gives too little or too much are stored as far as they were asked for', async () => {
    await withCaches(topology, 1, async ([cache]) => {
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
    await withCaches(topology, 2, async ([cache, other]) => {
      const fail = () => Promise.reject(new Error('no data'));
      await expect(cache!.getMany(numbered(50), fail)).rejects.toThrow('no data');
      // A lease would make this wait for seconds, and would not be replaced.
      const found = await other!.getMany(numbered(50), asRecord);
      expect(found.size).toBe(50);
      expect((await cache!.getMany(numbered(50))).size).toBe(50);
    });
  });

  it('are loaded by one call when Redis is away, and nothing hangs', async () => {
    await withCaches(
      topology,
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
});

import { expect, it } from '@jest/globals';
import { CachePatternError, type CacheService } from 'nestjs-redis-kit';
import { eventually } from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../support/describe-topologies.js';
import { asRecord, commandsDuring, numbered, withCaches } from '../support/many-caches.js';

describeTopologies('keys', (topology) => {
  it('that match a pattern are removed on all masters, and no others', async () => {
    await withCaches(topology, 2, async ([cache, other], _, namespace) => {
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

  it('are listed, those of all masters and of this cache only, and by a pattern', async () => {
    await withCaches(topology, 1, async ([cache], _, namespace) => {
      const odd = ['user:*', 'user:}', 'user:é', 'user:\n'];
      await cache!.setMany(asRecord([...numbered(1_500), ...odd, `~${'long'}`, 'x'.repeat(600)]));
      await topology.admin.set(`${namespace}:v1:cache:{other:user:1}`, 'foreign', 'EX', 60);
      const listed = async (glob?: string) => {
        const keys = new Set<string>();
        for await (const key of cache!.keys(glob)) keys.add(key);
        return [...keys].sort();
      };
      expect(await listed()).toEqual([...numbered(1_500), ...odd].sort());
      expect(await listed('user:*')).toEqual([...odd].sort());
      expect(await listed('user:\\*')).toEqual(['user:*']);
    });
  });

  it('that match a pattern: a removal that Redis did not take says how far it got', async () => {
    await withCaches(
      topology,
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
    await withCaches(topology, 3, async (caches) => {
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
      await withCaches(
        topology,
        2,
        async (caches) => {
          const [here, there] = caches as [CacheService, CacheService];
          const armed = () => caches.every((cache) => cache.localMemory === 'armed');
          await eventually(armed, { within: 20_000 });
          const load = () => ({ a: ['old'], b: ['old'] });
          for (const cache of caches) {
            // Kept once Redis has told how long the keys live.
            const isFromMemory = async () => {
              const commands = await commandsDuring(topology, () =>
                cache.getMany(['a', 'b'], load),
              );
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
        { l1: {}, tracking: true },
      );
    },
  );
});

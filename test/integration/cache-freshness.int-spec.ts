import { expect, it, jest } from '@jest/globals';
import type { CacheService } from 'nestjs-redis-kit';
import { eventually } from 'nestjs-redis-kit/testing';
import { SIE, SWR, withCacheProcesses } from '../support/cache-processes.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate } from '../support/gate.js';

describeTopologies('freshness', (topology) => {
  it('serves a stale value while one process makes it anew', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], events }) => {
      await one.getOrSet('key', () => 'old', SWR);
      await one.expire('key');
      expect(await one.lookup('key')).toEqual({ hit: false });
      const refresh = gate<string>();
      let runs = 0;
      const factory = () => (runs++, refresh.factory());
      expect(await one.getOrSet('key', factory, SWR)).toBe('old');
      await refresh.entered;
      for (let i = 0; i < 5; i++) {
        for (const cache of [one, two]) {
          expect(await cache.getOrSet('key', factory, SWR)).toBe('old');
        }
      }
      refresh.open('new');
      await eventually(async () => expect(await two.get('key')).toBe('new'), { within: 10_000 });
      expect(runs).toBe(1);
      await eventually(() => expect(events['cache.refreshed']).toHaveLength(1), { within: 10_000 });
      expect(events['cache.refreshed'][0]).toMatchObject({ cache: 'default', key: 'key' });
      expect(events['cache.stale-served']).toHaveLength(11);
      expect(events['cache.stale-served'][0]).toMatchObject({ key: 'key', reason: 'revalidating' });
    });
  });

  it('becomes stale by time, and is gone when the stale time is over', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], entryKey }) => {
      const options = { ttl: 1, staleWhileRevalidate: '1h' } as const;
      await one.getOrSet('key', () => 'old', options);
      await eventually(async () => expect(await two.get('key')).toBeUndefined(), {
        within: 10_000,
      });
      expect(await topology.admin.pttl(entryKey('key'))).toBeGreaterThan(3_000_000);
      const refresh = gate<string>();
      expect(await two.getOrSet('key', refresh.factory, options)).toBe('old');
      await refresh.entered;
      // A caller who asks for less staleness gets less.
      expect(await one.getOrSet('other', () => 'old', { ttl: 1, staleIfError: 1 })).toBe('old');
      refresh.open('new');
    });
  });

  it('is not stale for callers who allow no staleness: they wait for the new value', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two] }) => {
      await one.getOrSet('key', () => 'old', SWR);
      await one.expire('key');
      const refresh = gate<string>();
      const first = two.getOrSet('key', refresh.factory);
      await refresh.entered;
      const second = one.getOrSet('key', () => 'second');
      expect(await one.getOrSet('key', () => 'third', { ...SWR })).toBe('old');
      refresh.open('new');
      expect(await first).toBe('new');
      expect(await second).toBe('new');
    });
  });

  const INVALIDATIONS: {
    name: string;
    apply: (cache: CacheService) => Promise<unknown>;
    next: string;
  }[] = [
    { name: 'delete', apply: (cache) => cache.delete('key'), next: 'newest' },
    { name: 'invalidateTags', apply: (cache) => cache.invalidateTags('tag'), next: 'newest' },
    { name: 'clear', apply: (cache) => cache.clear(), next: 'newest' },
    {
      name: 'set',
      apply: (cache) => cache.set('key', 'set', { tags: ['tag'] }),
      next: 'set',
    },
  ];

  it.each(INVALIDATIONS)(
    'keeps the late value of a background refresh out after $name, and serves nothing stale',
    async ({ apply, next }) => {
      await withCacheProcesses(topology, async ({ caches: [one, two], events }) => {
        for (const [at, invalidator] of [one, two].entries()) {
          await one.delete('key');
          await one.getOrSet('key', () => 'old', SWR);
          await one.expire('key');
          const refresh = gate<string>();
          expect(await one.getOrSet('key', refresh.factory, SWR)).toBe('old');
          await refresh.entered;
          await apply(invalidator);
          for (const cache of [invalidator, one, two]) {
            expect(await cache.getOrSet('key', () => 'newest', SWR)).toBe(next);
          }
          refresh.open('late');
          await eventually(() => expect(events['cache.refreshed']).toHaveLength(at + 1), {
            within: 10_000,
          });
          for (const cache of [one, two]) expect(await cache.get('key')).toBe(next);
        }
      });
    },
  );

  it('keeps the late value of a refresh out after a second expire', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], events }) => {
      await one.getOrSet('key', () => 'old', SWR);
      await one.expire('key');
      const refresh = gate<string>();
      await one.getOrSet('key', refresh.factory, SWR);
      await refresh.entered;
      expect(await two.expire('key')).toBe(true);
      refresh.open('late');
      await eventually(() => expect(events['cache.refreshed']).toHaveLength(1), { within: 10_000 });
      expect(await two.lookup('key')).toEqual({ hit: false });
      expect(await two.getOrSet('key', () => 'new', SWR)).toBe('old');
      await eventually(async () => expect(await one.get('key')).toBe('new'), { within: 10_000 });
    });
  });

  it.each([
    { name: 'an hour fast', skewMs: 3_600_000 },
    { name: 'an hour slow', skewMs: -3_600_000 },
  ])('does not go by the clock of a process that is $name', async ({ skewMs }) => {
    await withCacheProcesses(topology, async ({ caches: [one, two] }) => {
      const options = { ...SWR, ttl: '30m', staleWhileRevalidate: '30m' } as const;
      const now = Date.now.bind(Date);
      const skewed = (isSkewed: boolean) => {
        clock.mockImplementation(() => now() + (isSkewed ? skewMs : 0));
      };
      const clock = jest.spyOn(Date, 'now');
      try {
        for (const isSkewed of [true, false]) {
          skewed(isSkewed);
          await one.delete('key');
          await one.getOrSet('key', () => 'old', options);
          skewed(!isSkewed);
          expect(await two.getOrSet('key', () => 'unexpected', options)).toBe('old');
          await two.expire('key');
          skewed(isSkewed);
          expect(await one.get('key')).toBeUndefined();
          const refresh = gate<string>();
          expect(await one.getOrSet('key', refresh.factory, options)).toBe('old');
          await refresh.entered;
          skewed(!isSkewed);
          await two.invalidateTags('tag');
          refresh.open('late');
          expect(await two.getOrSet('key', () => 'new', options)).toBe('new');
          expect(await one.get('key')).toBe('new');
        }
      } finally {
        clock.mockRestore();
      }
    });
  });

  it('has nothing to say of a key that was never there', async () => {
    await withCacheProcesses(topology, async ({ caches: [cache], entryKey }) => {
      expect(await cache.expire('missing')).toBe(false);
      expect(await topology.admin.exists(entryKey('missing'))).toBe(0);
      expect(await cache.getOrSet('missing', () => 'made', SWR)).toBe('made');
      expect(await cache.get('missing')).toBe('made');
    });
  });

  it('expires softly only what may be stale, and keeps a running factory from making it fresh', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], entryKey }) => {
      await one.set('plain', 1);
      expect(await two.expire('plain')).toBe(true);
      expect(await two.expire('plain')).toBe(false);
      expect(await topology.admin.exists(entryKey('plain'))).toBe(0);

      const first = gate<string>();
      const late = one.getOrSet('led', first.factory, SWR);
      await first.entered;
      await two.expire('led');
      first.open('old');
      expect(await late).toBe('old');
      expect(await two.getOrSet('led', () => 'new', SWR)).toBe('new');
    });
  });

  it('serves a stale value when the factory fails and the error may be covered', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], events }) => {
      const failing = () => Promise.reject(new Error('no data'));
      await one.getOrSet('key', () => 'old', SIE);
      await one.expire('key');
      expect(await two.getOrSet('key', failing, SIE)).toBe('old');
      expect(events['cache.stale-served']).toMatchObject([{ reason: 'error', key: 'key' }]);
      const strict = {
        ...SIE,
        shouldServeStale: (error: unknown) => (error as Error).message !== 'no data',
      };
      await expect(two.getOrSet('key', failing, strict)).rejects.toThrow('no data');
      await expect(two.getOrSet('key', failing, { tags: ['tag'] })).rejects.toThrow('no data');
      expect(await one.getOrSet('key', failing, SIE)).toBe('old');
      expect(await one.getOrSet('key', () => 'new', SIE)).toBe('new');
    });
  });

  it.each(INVALIDATIONS.slice(0, 3))(
    'never serves after $name what was stale before, though the factory fails',
    async ({ apply }) => {
      await withCacheProcesses(topology, async ({ caches: [one, two] }) => {
        await one.getOrSet('key', () => 'old', SIE);
        await one.expire('key');
        const failing = gate<Promise<string>>();
        const call = one.getOrSet('key', failing.factory, SIE);
        await failing.entered;
        await apply(two);
        failing.open(Promise.reject(new Error('no data')));
        await expect(call).rejects.toThrow('no data');
        await expect(
          two.getOrSet('key', () => Promise.reject(new Error('still none')), SIE),
        ).rejects.toThrow('still none');
      });
    },
  );

  it('serves a stale value instead of a slow factory, whose value is stored when it comes', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], events }) => {
      const options = { ...SIE, factoryTimeout: { soft: 20 } };
      const cold = gate<string>();
      const first = one.getOrSet('key', cold.factory, options);
      await cold.entered;
      cold.open('old');
      expect(await first).toBe('old');
      await one.expire('key');
      const slow = gate<string>();
      expect(await one.getOrSet('key', slow.factory, options)).toBe('old');
      // Another process waits for the same factory no longer than that.
      expect(await two.getOrSet('key', () => 'second', options)).toBe('old');
      expect(events['cache.stale-served']).toMatchObject([{ reason: 'slow' }, { reason: 'slow' }]);
      slow.open('new');
      await eventually(async () => expect(await two.get('key')).toBe('new'), { within: 10_000 });
      await eventually(() => expect(events['cache.refreshed']).toHaveLength(2), { within: 10_000 });
    });
  });

  it('does not fall back on what was deleted while a slow factory runs', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two] }) => {
      const options = { ...SIE, factoryTimeout: { soft: '200ms' } } as const;
      await one.getOrSet('key', () => 'old', options);
      await one.expire('key');
      const slow = gate<string>();
      const call = one.getOrSet('key', slow.factory, options);
      await slow.entered;
      await two.delete('key');
      expect(await two.getOrSet('key', () => 'other', options)).toBe('other');
      slow.open('late');
      expect(['late', 'other']).toContain(await call);
      expect(await two.get('key')).toBe('other');
    });
  });
});

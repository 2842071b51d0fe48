import { expect, it, jest } from '@jest/globals';
import { CachedFactoryError, FactoryTimeoutError, type CacheCallOptions } from 'nestjs-redis-kit';
import { eventually } from 'nestjs-redis-kit/testing';
import { SIE, SWR, withCacheProcesses } from '../support/cache-processes.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate } from '../support/gate.js';

describeTopologies('factories', (topology) => {
  it('fails after the hard timeout, and the factory still fills', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two] }) => {
      const slow = gate<string>();
      let signal: AbortSignal | undefined;
      const call = one.getOrSet(
        'key',
        (context) => {
          signal = context.signal;
          return slow.factory();
        },
        { ttl: '1h', factoryTimeout: { hard: 20 } },
      );
      await expect(call).rejects.toThrow(FactoryTimeoutError);
      await expect(call).rejects.toMatchObject({ cache: 'default', key: 'key', timeoutMs: 20 });
      expect(signal?.aborted).toBe(true);
      expect(signal?.reason).toBeInstanceOf(FactoryTimeoutError);
      slow.open('value');
      await eventually(async () => expect(await two.get('key')).toBe('value'), { within: 10_000 });

      const deleted = gate<string>();
      const late = one.getOrSet('gone', deleted.factory, { factoryTimeout: { hard: 20 } });
      await expect(late).rejects.toThrow('longer than 20 ms');
      await two.delete('gone');
      deleted.open('late');
      expect(await two.getOrSet('gone', () => 'new')).toBe('new');
      expect(await one.get('gone')).toBe('new');
    });
  });

  it('announces a refresh that failed, once, and throws it at nobody', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], events }) => {
      await one.getOrSet('key', () => 'old', SWR);
      await one.expire('key');
      const failing = () => Promise.reject(new Error('no redis://user:secret@host'));
      expect(await one.getOrSet('key', failing, SWR)).toBe('old');
      await eventually(() => expect(events['cache.refresh-failed']).toHaveLength(1), {
        within: 10_000,
      });
      expect(events['cache.refresh-failed'][0]!.message).toBe('no redis://***@host');
      expect(await two.getOrSet('key', () => 'new', SWR)).toBe('old');
      await eventually(async () => expect(await two.get('key')).toBe('new'), { within: 10_000 });
    });
  });

  it('stores an error for its ttl, here and elsewhere, without its stack', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], entryKey }) => {
      let runs = 0;
      const failing = () => {
        runs += 1;
        return Promise.reject(new TypeError('no redis://user:secret@host'));
      };
      const options = { errorTtl: '1h' } as const;
      await expect(one.getOrSet('key', failing, options)).rejects.toThrow(TypeError);
      for (const cache of [one, two]) {
        const replay = cache.getOrSet('key', failing, options);
        await expect(replay).rejects.toThrow(CachedFactoryError);
        await expect(replay).rejects.toMatchObject({
          message: 'no redis://***@host',
          originalName: 'TypeError',
          key: 'key',
        });
        expect(await cache.lookup('key')).toEqual({ hit: false });
      }
      expect(runs).toBe(1);
      const stored = String(await topology.admin.get(entryKey('key')));
      expect(stored).not.toMatch(/secret|freshness/);
      await two.delete('key');
      expect(await one.getOrSet('key', () => 'value', options)).toBe('value');
    });
  });

  it('asks a factory that failed no more often because there is a stale value', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two] }) => {
      const options = { ...SIE, errorTtl: '1h' } as const;
      await one.getOrSet('key', () => 'old', options);
      await one.expire('key');
      let runs = 0;
      const failing = () => {
        runs += 1;
        return Promise.reject(new Error('no data'));
      };
      for (const cache of [one, two, one]) {
        expect(await cache.getOrSet('key', failing, options)).toBe('old');
      }
      expect(runs).toBe(1);
      const strict = { ...options, shouldServeStale: () => false };
      await expect(two.getOrSet('key', failing, strict)).rejects.toThrow(CachedFactoryError);
    });
  });

  it('makes values anew before they are stale, in the background', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two] }) => {
      const options = { ttl: '1h', earlyRefresh: 1 } as const;
      const random = jest.spyOn(Math, 'random').mockReturnValue(0);
      try {
        const first = gate<string>();
        const filled = one.getOrSet('key', first.factory, options);
        await first.entered;
        first.open('old');
        await filled;
        expect(await two.getOrSet('key', () => 'new', options)).toBe('old');
        expect(await two.get('key')).toBe('old');
        // A draw of almost 1 is the most eager reader there is.
        random.mockReturnValue(1 - Number.EPSILON / 2);
        const eager = { ...options, ttl: 60, jitter: 0, earlyRefresh: 100 } as const;
        await one.getOrSet(
          'soon',
          async () => {
            const until = performance.now() + 20;
            while (performance.now() < until);
            return 'old';
          },
          { ...eager, ttl: '10s' },
        );
        expect(await two.getOrSet('soon', () => 'new', { ...eager, ttl: '10s' })).toBe('old');
        await eventually(async () => expect(await one.get('soon')).toBe('new'), { within: 5_000 });
      } finally {
        random.mockRestore();
      }
    });
  });

  it('keeps null and undefined, and what the factory says, for a time of their own', async () => {
    await withCacheProcesses(topology, async ({ caches: [one], entryKey, epochKey }) => {
      const options = { ttl: '1h', nullTtl: '1m', jitter: 0 } as const;
      await one.getOrSet('null', () => null, options);
      await one.getOrSet('value', () => 0, options);
      await one.getOrSet('own', (context) => (context.setTtl('60d'), 1), options);
      await one.set('undefined', undefined, options);
      const lives = async (key: string) => topology.admin.pttl(entryKey(key));
      expect(await lives('null')).toBeLessThanOrEqual(60_000);
      expect(await lives('undefined')).toBeLessThanOrEqual(60_000);
      expect(await lives('value')).toBeGreaterThan(3_000_000);
      expect(await lives('own')).toBeGreaterThan(2 ** 31);
      const epoch = await topology.admin.pttl(epochKey);
      expect(epoch).toBeGreaterThan(await lives('own'));
      await one.getOrSet('long', () => 1, { ttl: '50d', staleWhileRevalidate: '50d', jitter: 0 });
      expect(await lives('long')).toBeGreaterThan(99 * 86_400_000);
      expect(await one.get('long')).toBe(1);
      expect(await one.expire('long')).toBe(true);
      expect(await lives('long')).toBeGreaterThan(99 * 86_400_000);
      const slow = {
        ttl: '50d',
        staleIfError: '50d',
        factoryTimeout: { soft: '50d', hard: '50d' },
      };
      expect(await one.getOrSet('long', () => 2, slow as CacheCallOptions)).toBe(2);
    });
  });

  it('answers with what the factory skips, and stores it for nobody', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], entryKey }) => {
      const skipping = (context: { skip(): void; stale: unknown }) => {
        context.skip();
        return `skipped over ${String(context.stale)}`;
      };
      expect(await one.getOrSet('key', skipping, SWR)).toBe('skipped over undefined');
      expect(await topology.admin.exists(entryKey('key'))).toBe(0);
      await one.getOrSet('key', () => 'old', SIE);
      await one.expire('key');
      expect(await two.getOrSet('key', skipping, SIE)).toBe('skipped over old');
      expect(await two.getOrSet('key', () => Promise.reject(new Error('no')), SIE)).toBe('old');
    });
  });

  it('goes by the clock of the server: those of the processes may be an hour wrong', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two] }) => {
      const real = Date.now;
      const dates = jest.spyOn(Date, 'now');
      try {
        for (const skewMs of [-3_600_000, 3_600_000]) {
          dates.mockImplementation(() => real() + skewMs);
          await one.getOrSet('key', () => 'old', { ...SWR, ttl: '10m' });
          dates.mockImplementation(() => real() - skewMs);
          expect(await two.getOrSet('key', () => 'new', { ...SWR, ttl: '10m' })).toBe('old');
          await two.expire('key');
          dates.mockImplementation(() => real() + skewMs);
          expect(await one.lookup('key')).toEqual({ hit: false });
          expect(await one.getOrSet('key', () => 'new', SWR)).toBe('old');
          await eventually(async () => expect(await two.get('key')).toBe('new'), {
            within: 10_000,
          });
          await one.delete('key');
        }
      } finally {
        dates.mockRestore();
      }
    });
  });

  it('waits for its refreshes when the application shuts down, and tells their factories', async () => {
    await withCacheProcesses(topology, async ({ caches: [one, two], close }) => {
      await one.getOrSet('key', () => 'old', SWR);
      await one.expire('key');
      const entered = gate<void>();
      const factory = ({ signal }: { signal: AbortSignal }) =>
        new Promise<string>((resolve) => {
          signal.addEventListener('abort', () => resolve('made while closing'));
          void entered.factory();
        });
      expect(await one.getOrSet('key', factory, SWR)).toBe('old');
      await entered.entered;
      await close();
      expect(await two.get('key')).toBe('made while closing');
    });
  });
});

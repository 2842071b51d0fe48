import { expect, it, jest } from '@jest/globals';
import {
  CachedFactoryError,
  CacheService,
  FactoryTimeoutError,
  RedisKitEvents,
  type CacheCallOptions,
  type RedisKitEventMap,
} from 'nestjs-redis-kit';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate } from '../support/gate.js';

const PATIENT = { deadline: '5s', leaderWait: '20s' } as const;
const SWR: CacheCallOptions = { ttl: '1h', tags: ['tag'], staleWhileRevalidate: '1h' };
const SIE: CacheCallOptions = { ttl: '1h', tags: ['tag'], staleIfError: '1h' };

type FreshnessEvent = 'cache.refreshed' | 'cache.refresh-failed' | 'cache.stale-served';

describeTopologies('freshness', (topology) => {
  let namespace: string;

  async function withProcesses(
    run: (
      caches: [CacheService, CacheService],
      events: { [E in FreshnessEvent]: RedisKitEventMap[E][] },
      close: () => Promise<void>,
    ) => Promise<void>,
  ): Promise<void> {
    namespace = isolatedNamespace();
    const start = () =>
      startApplication({
        namespace,
        connections: { default: topology.connectionOptions() },
        caches: { default: PATIENT },
      });
    const apps = [await start(), await start()] as const;
    const events = {
      'cache.refreshed': [] as RedisKitEventMap['cache.refreshed'][],
      'cache.refresh-failed': [] as RedisKitEventMap['cache.refresh-failed'][],
      'cache.stale-served': [] as RedisKitEventMap['cache.stale-served'][],
    };
    for (const app of apps) {
      const emitter = app.get(RedisKitEvents);
      emitter.on('cache.refreshed', (event) => events['cache.refreshed'].push(event));
      emitter.on('cache.refresh-failed', (event) => events['cache.refresh-failed'].push(event));
      emitter.on('cache.stale-served', (event) => events['cache.stale-served'].push(event));
    }
    let closing: Promise<void> | undefined;
    const close = () => (closing ??= apps[0].close());
    try {
      await run([apps[0].get(CacheService), apps[1].get(CacheService)], events, close);
    } finally {
      await Promise.all([close(), apps[1].close()]);
    }
  }

  const shown = (at: number) => ({ within: at });
  const entryKey = (key: string) => `${namespace}:v1:cache:{default:${key}}`;

  it('serves a stale value while one process makes it anew', async () => {
    await withProcesses(async ([one, two], events) => {
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
      await eventually(async () => expect(await two.get('key')).toBe('new'), shown(10_000));
      expect(runs).toBe(1);
      await eventually(() => expect(events['cache.refreshed']).toHaveLength(1), shown(10_000));
      expect(events['cache.refreshed'][0]).toMatchObject({ cache: 'default', key: 'key' });
      expect(events['cache.stale-served']).toHaveLength(11);
      expect(events['cache.stale-served'][0]).toMatchObject({ key: 'key', reason: 'revalidating' });
    });
  });

  it('becomes stale by time, and is gone when the stale time is over', async () => {
    await withProcesses(async ([one, two]) => {
      const options = { ttl: 1, staleWhileRevalidate: '1h' } as const;
      await one.getOrSet('key', () => 'old', options);
      await eventually(async () => expect(await two.get('key')).toBeUndefined(), shown(10_000));
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
    await withProcesses(async ([one, two]) => {
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
      await withProcesses(async ([one, two], events) => {
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
          await eventually(
            () => expect(events['cache.refreshed']).toHaveLength(at + 1),
            shown(10_000),
          );
          for (const cache of [one, two]) expect(await cache.get('key')).toBe(next);
        }
      });
    },
  );

  it('keeps the late value of a refresh out after a second expire', async () => {
    await withProcesses(async ([one, two], events) => {
      await one.getOrSet('key', () => 'old', SWR);
      await one.expire('key');
      const refresh = gate<string>();
      await one.getOrSet('key', refresh.factory, SWR);
      await refresh.entered;
      expect(await two.expire('key')).toBe(true);
      refresh.open('late');
      await eventually(() => expect(events['cache.refreshed']).toHaveLength(1), shown(10_000));
      expect(await two.lookup('key')).toEqual({ hit: false });
      expect(await two.getOrSet('key', () => 'new', SWR)).toBe('old');
      await eventually(async () => expect(await one.get('key')).toBe('new'), shown(10_000));
    });
  });

  it('expires softly only what may be stale, and keeps a running factory from making it fresh', async () => {
    await withProcesses(async ([one, two]) => {
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
    await withProcesses(async ([one, two], events) => {
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
      await withProcesses(async ([one, two]) => {
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
    await withProcesses(async ([one, two], events) => {
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
      await eventually(async () => expect(await two.get('key')).toBe('new'), shown(10_000));
      await eventually(() => expect(events['cache.refreshed']).toHaveLength(2), shown(10_000));
    });
  });

  it('does not fall back on what was deleted while a slow factory runs', async () => {
    await withProcesses(async ([one, two]) => {
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

  it('fails after the hard timeout, and the factory still fills', async () => {
    await withProcesses(async ([one, two]) => {
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
      await eventually(async () => expect(await two.get('key')).toBe('value'), shown(10_000));

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
    await withProcesses(async ([one, two], events) => {
      await one.getOrSet('key', () => 'old', SWR);
      await one.expire('key');
      const failing = () => Promise.reject(new Error('no redis://user:secret@host'));
      expect(await one.getOrSet('key', failing, SWR)).toBe('old');
      await eventually(() => expect(events['cache.refresh-failed']).toHaveLength(1), shown(10_000));
      expect(events['cache.refresh-failed'][0]!.message).toBe('no redis://***@host');
      expect(await two.getOrSet('key', () => 'new', SWR)).toBe('old');
      await eventually(async () => expect(await two.get('key')).toBe('new'), shown(10_000));
    });
  });

  it('stores an error for its ttl, here and elsewhere, without its stack', async () => {
    await withProcesses(async ([one, two]) => {
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
    await withProcesses(async ([one, two]) => {
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
    await withProcesses(async ([one, two]) => {
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
        await eventually(async () => expect(await one.get('soon')).toBe('new'), shown(5_000));
      } finally {
        random.mockRestore();
      }
    });
  });

  it('keeps null and undefined, and what the factory says, for a time of their own', async () => {
    await withProcesses(async ([one]) => {
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
      const epoch = await topology.admin.pttl(`${namespace}:v1:cache-epoch:{default}`);
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
    await withProcesses(async ([one, two]) => {
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
    await withProcesses(async ([one, two]) => {
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
          await eventually(async () => expect(await two.get('key')).toBe('new'), shown(10_000));
          await one.delete('key');
        }
      } finally {
        dates.mockRestore();
      }
    });
  });

  it('waits for its refreshes when the application shuts down, and tells their factories', async () => {
    await withProcesses(async ([one, two], _events, close) => {
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

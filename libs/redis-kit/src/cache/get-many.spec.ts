import { describe, expect, it } from '@jest/globals';
import { RedisKitEvents } from '../core/events.js';
import { UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { KeySpace } from '../core/key-space.js';
import { deferred } from '../core/deferred.js';
import { eventually } from '../testing/rig/eventually.js';
import { CachedFactoryError, FactoryTimeoutError } from './cache.errors.js';
import { CacheService } from './cache.service.js';
import { resolveCacheOptions, type CacheOptions } from './cache.options.js';
import type { Answers, CacheStore } from './stores/cache-store.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';

function createCache(options: CacheOptions = {}, store: CacheStore = new MemoryCacheStore(5_000)) {
  const events = new RedisKitEvents();
  const cache = new CacheService({
    name: 'catalog',
    options: resolveCacheOptions(options),
    store,
    keySpace: new KeySpace('testing'),
    events,
  });
  return { cache, events };
}

/** A loader that counts, and remembers what it was asked for. */
function countingLoader() {
  const asked: string[][] = [];
  const load = (keys: readonly string[]): Record<string, number> => {
    asked.push([...keys]);
    return Object.fromEntries(keys.map((key) => [key, asked.length]));
  };
  return { asked, load };
}

const fail = () => Promise.reject(new Error('no source'));

async function expireAll(cache: CacheService, keys: readonly string[]): Promise<void> {
  for (const key of keys) await cache.expire(key);
}

describe('stale values among many keys', () => {
  it('are served while one call of the loader makes all of them anew', async () => {
    const { cache, events } = createCache({ staleWhileRevalidate: '1h' });
    const served: string[] = [];
    events.on('cache.stale-served', ({ key, reason }) => served.push(`${key} ${reason}`));
    const { asked, load } = countingLoader();
    await cache.getMany(['a', 'b', 'c'], load);
    await expireAll(cache, ['a', 'b']);
    const found = await cache.getMany(['a', 'b', 'c', 'd'], load);
    expect(Object.fromEntries(found)).toMatchObject({ a: 1, b: 1, c: 1 });
    expect(served).toEqual(['a revalidating', 'b revalidating']);
    await eventually(async () => (await cache.get('a')) !== undefined && asked.length === 3, {
      within: 10_000,
    });
    expect(asked.slice(1).sort()).toEqual([['a', 'b'], ['d']]);
    expect((await cache.getMany(['a', 'b', 'c', 'd'])).size).toBe(4);
    await cache.close();
  });

  it('are loaded anew where nothing allows them', async () => {
    const { cache } = createCache({ staleIfError: '1h' });
    const { asked, load } = countingLoader();
    await cache.getMany(['a', 'b'], load);
    await expireAll(cache, ['a']);
    expect(Object.fromEntries(await cache.getMany(['a', 'b'], load))).toEqual({ a: 2, b: 1 });
    expect(asked).toEqual([['a', 'b'], ['a']]);
    expect(await cache.get('a')).toBe(2);
    // Without a loader there is nobody to make them anew, and nothing stale is answered.
    await expireAll(cache, ['b']);
    expect([...(await cache.getMany(['a', 'b'])).keys()]).toEqual(['a']);
  });

  it('stand in for a loader that fails, unless they were invalidated meanwhile', async () => {
    const { cache } = createCache({ staleIfError: '1h' });
    const { load } = countingLoader();
    await cache.getMany(['a', 'b'], load, { tags: ['tag'] });
    await expireAll(cache, ['a', 'b']);
    expect(Object.fromEntries(await cache.getMany(['a', 'b'], fail))).toEqual({ a: 1, b: 1 });
    const deleting = async () => {
      await cache.invalidateTags('tag');
      throw new Error('no source');
    };
    await expect(cache.getMany(['a'], deleting)).rejects.toThrow('no source');
    await expect(cache.getMany(['a', 'b', 'c'], fail)).rejects.toThrow('no source');
  });

  it('stand in for a loader that is slow, whose values are stored later', async () => {
    const { cache } = createCache({ staleIfError: '1h', factoryTimeout: { soft: 1 } });
    const { load } = countingLoader();
    await cache.getMany(['a'], load);
    await expireAll(cache, ['a']);
    const late = deferred<Record<string, number>>();
    expect((await cache.getMany<number>(['a'], () => late.promise)).get('a')).toBe(1);
    late.resolve({ a: 7 });
    await eventually(async () => (await cache.get('a')) === 7, { within: 10_000 });
    await cache.close();
  });
});

describe('many keys', () => {
  it('share the time of their factories: a hard timeout, and errors that are kept', async () => {
    const { cache } = createCache({ factoryTimeout: { hard: 1 } });
    const never = new Promise<never>(() => undefined);
    await expect(cache.getMany(['a', 'b'], () => never)).rejects.toThrow(FactoryTimeoutError);
    const other = createCache({ errorTtl: '1h' }).cache;
    await expect(other.getMany(['a', 'b'], fail)).rejects.toThrow('no source');
    await expect(other.getMany(['b', 'c'], countingLoader().load)).rejects.toThrow(
      CachedFactoryError,
    );
    expect((await other.getMany(['c'], countingLoader().load)).size).toBe(1);
  });

  it('have jitter, a time of their own for nothing, and tags by key', async () => {
    const { cache } = createCache({ nullTtl: 1, ttl: '1h' });
    await cache.setMany({ none: null, some: 1 }, { tags: (key) => [key] });
    await eventually(async () => !(await cache.has('none')), { within: 10_000 });
    expect(await cache.has('some')).toBe(true);
    await cache.invalidateTags('some');
    expect(await cache.has('some')).toBe(false);
  });

  it('are stored in thousands, and deleted', async () => {
    const { cache } = createCache({ deadline: '10s' });
    const keys = Array.from({ length: 1_234 }, (_, i) => `key-${i}`);
    const { asked, load } = countingLoader();
    expect((await cache.getMany(keys, load)).size).toBe(1_234);
    expect((await cache.getMany(keys, load)).size).toBe(1_234);
    expect(asked).toHaveLength(1);
    expect(await cache.deleteMany(keys)).toBe(true);
    expect((await cache.getMany(keys)).size).toBe(0);
  });

  it('of which some servers are away are loaded, and the others answered and stored', async () => {
    /** A Cluster of two masters, one of which is away: that of the keys that begin with `x`. */
    class HalfAway extends MemoryCacheStore {
      override async readMany(keys: readonly string[]): Answers<Buffer | null> {
        const reads = keys.map(async (key) => {
          if (/:x[^:]*\}$/.test(key)) return UNAVAILABLE;
          const read = await this.read([key]);
          return read === UNAVAILABLE ? read : read[0]!;
        });
        return Promise.all(reads);
      }
    }
    const { cache } = createCache({}, new HalfAway(100));
    const { asked, load } = countingLoader();
    const options = { tags: (key: string) => [`tag-${key}`] };
    expect((await cache.getMany(['a', 'x1', 'b'], load, options)).size).toBe(3);
    expect(Object.fromEntries(await cache.getMany(['a', 'x1', 'b'], load, options))).toEqual({
      a: 1,
      x1: 2,
      b: 1,
    });
    expect(asked).toEqual([['a', 'x1', 'b'], ['x1']]);
    expect(await cache.has('x1')).toBe(false);
  });

  it('that cannot be deleted are queued: those behind a failure without a try of their own', async () => {
    let tries = 0;
    class Frozen extends MemoryCacheStore {
      override async remove(): Promise<boolean> {
        tries += 1;
        throw new Error('frozen');
      }
    }
    const { cache } = createCache({}, new Frozen(2_000));
    const keys = Array.from({ length: 900 }, (_, i) => `key-${i}`);
    await cache.setMany(Object.fromEntries(keys.map((key) => [key, 1])));
    await expect(cache.deleteMany(keys)).rejects.toThrow('900 keys');
    expect([tries, cache.pendingInvalidations]).toEqual([500, 900]);
    expect((await cache.getMany(keys)).size).toBe(0);
    await cache.close();
  });
});

import { describe, expect, it } from '@jest/globals';
import { RedisKitEvents } from '../core/events.js';
import { UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { KeySpace } from '../core/key-space.js';
import { CacheService } from './cache.service.js';
import { resolveCacheOptions, type CacheOptions } from './cache.options.js';
import type { CacheStore } from './stores/cache-store.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';

function createCache(options: CacheOptions = {}, store: CacheStore = new MemoryCacheStore(100)) {
  return new CacheService({
    name: 'catalog',
    options: resolveCacheOptions(options),
    store,
    keySpace: new KeySpace('testing'),
    events: new RedisKitEvents(),
  });
}

/** A store that reads and removes, and takes nothing new while `isFull`. */
class FullStore extends MemoryCacheStore {
  isFull = false;

  override async write(key: string, bytes: Buffer, ttlMs: number) {
    return this.isFull ? UNAVAILABLE : super.write(key, bytes, ttlMs);
  }
}

/** A store that does not even remove. */
class FrozenStore extends FullStore {
  override async remove(keys: readonly string[]) {
    if (this.isFull) throw new Error('frozen');
    return super.remove(keys);
  }
}

describe('a put', () => {
  it('lets the method decide: ttl, tags, and that nothing is stored', async () => {
    const cache = createCache();
    await cache.put('key', ({ skip }) => (skip(), 'secret'));
    expect(await cache.lookup('key')).toEqual({ hit: false });
    // The second one: the process knows the tag by then.
    for (let i = 0; i < 2; i++) await cache.put('key', ({ setTags }) => (setTags('late'), 'new'));
    expect(await cache.get('key')).toBe('new');
    await cache.invalidateTags('late');
    expect(await cache.lookup('key')).toEqual({ hit: false });
  });

  it('lets its method read its own key and put others', async () => {
    const cache = createCache();
    await cache.set('key', 1);
    const value = await cache.put('key', async () => {
      const before = await cache.getOrSet('key', () => 10);
      return before + (await cache.put('other', () => 100));
    });
    expect([value, await cache.get('key'), await cache.get('other')]).toEqual([110, 110, 100]);
  });

  it('stores with the freshness of the call', async () => {
    const cache = createCache();
    await cache.put('key', () => 'old', { staleIfError: '1h' });
    await cache.expire('key');
    const failing = () => Promise.reject(new Error('no source'));
    expect(await cache.getOrSet('key', failing, { staleIfError: '1h' })).toBe('old');
  });

  it('removes the old value when no lease could be planted, whether the method succeeds or not', async () => {
    const store = new FullStore(100);
    const cache = createCache({}, store);
    const works = [() => 'new', () => Promise.reject(new Error('lost after the commit'))];
    for (const work of works) {
      store.isFull = false;
      await cache.set('key', 'old');
      store.isFull = true;
      await Promise.allSettled([cache.put<unknown>('key', work)]);
      expect(await cache.lookup('key')).toEqual({ hit: false });
    }
  });

  it('whose method failed gives on its error, and has the removal queued', async () => {
    const store = new FrozenStore(100);
    const cache = createCache({}, store);
    await cache.set('key', 'old');
    store.isFull = true;
    const failing = cache.put('key', () => Promise.reject(new Error('lost after the commit')));
    await expect(failing).rejects.toThrow('lost after the commit');
    expect(cache.pendingInvalidations).toBe(1);
    expect(await cache.lookup('key')).toEqual({ hit: false });
    await cache.close();
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisKitEvents, type RedisKitEventMap } from '../core/events.js';
import { KeySpace } from '../core/key-space.js';
import { CacheInvalidationError } from './cache.errors.js';
import { resolveCacheOptions } from './cache.options.js';
import { CacheService } from './cache.service.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';

const RETRY_MS = 500;
const AWAY = new Error('Connection is closed.');

/** A store that reads and writes, but takes no invalidation while it is told to refuse. */
class RefusingStore extends MemoryCacheStore {
  refuses = true;
  readonly asked: string[] = [];

  override async remove(key: string): Promise<boolean> {
    this.#ask(key);
    return super.remove(key);
  }

  override async put(...args: Parameters<MemoryCacheStore['put']>): Promise<void> {
    this.#ask(args[0]);
    return super.put(...args);
  }

  #ask(key: string): void {
    this.asked.push(/\{[^:]*:?(.*)\}/.exec(key)![1]!);
    if (this.refuses) throw AWAY;
  }
}

function setUp() {
  const store = new RefusingStore(10_000);
  const events = new RedisKitEvents();
  const replayed: RedisKitEventMap['cache.invalidations-replayed'][] = [];
  events.on('cache.invalidations-replayed', (event) => replayed.push(event));
  const cache = new CacheService({
    name: 'catalog',
    options: resolveCacheOptions({}),
    store,
    keySpace: new KeySpace('testing'),
    events,
  });
  return { store, cache, replayed };
}

const retry = () => jest.advanceTimersByTimeAsync(RETRY_MS);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('an invalidation that was not taken', () => {
  it.each([
    ['a key', (cache: CacheService) => cache.delete('key'), "key 'key'"],
    ['tags', (cache: CacheService) => cache.invalidateTags('a', 'b'), "the tags 'a', 'b'"],
    ['everything', (cache: CacheService) => cache.clear(), 'everything'],
  ])('is loud, and says what it was about: %s', async (_, invalidate, subject) => {
    const { cache } = setUp();
    const outcome = invalidate(cache);
    await expect(outcome).rejects.toBeInstanceOf(CacheInvalidationError);
    await expect(outcome).rejects.toMatchObject({
      code: 'CACHE_INVALIDATION_FAILED',
      cache: 'catalog',
      subject,
      cause: AWAY,
    });
    await expect(outcome).rejects.toThrow(`The invalidation of ${subject} of cache 'catalog'`);
    expect(cache.pendingInvalidations).toBeGreaterThan(0);
    await cache.close();
  });

  it('concerns this process at once: it serves nothing of it, and goes on serving the rest', async () => {
    const { cache } = setUp();
    await cache.set('key', 1);
    await cache.set('tagged', 2, { tags: ['mugs'] });
    await cache.set('other', 3, { tags: ['hats'] });
    await cache.delete('key').catch(() => undefined);
    await cache.invalidateTags('mugs').catch(() => undefined);
    expect(await cache.lookup('key')).toEqual({ hit: false });
    expect(await cache.lookup('tagged')).toEqual({ hit: false });
    expect(await cache.get('other')).toBe(3);
    expect(await cache.getOrSet('tagged', () => 'new', { tags: ['mugs'] })).toBe('new');
    await cache.clear().catch(() => undefined);
    expect(await cache.lookup('other')).toEqual({ hit: false });
    await cache.close();
  });

  it('is tried again, in order, until it is taken, and then told', async () => {
    const { store, cache, replayed } = setUp();
    await cache.set('key', 1);
    await cache.delete('key').catch(() => undefined);
    await cache.invalidateTags('mugs').catch(() => undefined);
    expect(store.asked).toEqual(['key', 'mugs']);
    await retry();
    // Nothing overtakes the first one.
    expect(store.asked).toEqual(['key', 'mugs', 'key']);
    expect([cache.pendingInvalidations, replayed]).toEqual([2, []]);
    store.refuses = false;
    await retry();
    expect(store.asked).toEqual(['key', 'mugs', 'key', 'key', 'mugs']);
    expect(cache.pendingInvalidations).toBe(0);
    expect(replayed).toEqual([{ cache: 'catalog', count: 2, pending: 0 }]);
    await retry();
    expect([store.asked.length, jest.getTimerCount()]).toEqual([5, 0]);
    await cache.set('key', 2, { tags: ['mugs'] });
    expect(await cache.get('key')).toBe(2);
  });

  it('is one of too many to remember: then everything is invalidated instead', async () => {
    const { store, cache, replayed } = setUp();
    await cache.set('bystander', 1);
    for (let i = 0; i <= 1_000; i++) await cache.delete(`key ${i}`).catch(() => undefined);
    expect(cache.pendingInvalidations).toBe(1);
    expect(await cache.lookup('bystander')).toEqual({ hit: false });
    store.refuses = false;
    await retry();
    expect(replayed).toEqual([{ cache: 'catalog', count: 1, pending: 0 }]);
    expect(await cache.lookup('bystander')).toEqual({ hit: false });
  });

  it('is given up when the application closes, and leaves no timer', async () => {
    const { store, cache } = setUp();
    await cache.delete('key').catch(() => undefined);
    await cache.close();
    expect(jest.getTimerCount()).toBe(0);
    await cache.delete('other').catch(() => undefined);
    await retry();
    expect(store.asked).toEqual(['key', 'other']);
    expect(jest.getTimerCount()).toBe(0);
  });
});

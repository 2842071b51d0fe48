import { Test } from '@nestjs/testing';
import { CacheService } from 'nestjs-redis-kit';
import { cacheContract, RedisKitTestingModule } from 'nestjs-redis-kit/testing';
import { describe, expect, it } from '@jest/globals';
import { deferred } from '../core/deferred.js';
import { RedisKitEvents } from '../core/events.js';
import { KeySpace } from '../core/key-space.js';
import { resolveCacheOptions, type CacheOptions } from './cache.options.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';
import type { CacheStore } from './stores/cache-store.js';

describe('a cache in memory', () => {
  const contract = cacheContract(async (options) => {
    const module = await Test.createTestingModule({
      imports: [RedisKitTestingModule.forRoot({ caches: { default: options } })],
    }).compile();
    return { cache: module.get(CacheService), dispose: () => module.close() };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

function createCache(store: CacheStore, options: CacheOptions = {}) {
  const events = new RedisKitEvents();
  const heard: [string, { message?: string; key?: string }][] = [];
  for (const name of ['cache.hit', 'cache.miss', 'cache.error', 'cache.invalidated'] as const) {
    events.on(name, (event: object) => heard.push([name, event]));
  }
  const cache = new CacheService({
    name: 'catalog',
    options: resolveCacheOptions(options),
    store,
    keySpace: new KeySpace('testing'),
    events,
  });
  return { cache, heard };
}

describe('a call that begins while an invalidation is on its way', () => {
  /** A store in memory that takes its time to remove. */
  class SlowToRemove extends MemoryCacheStore {
    readonly asked = deferred<void>();
    readonly release = deferred<void>();

    override async remove(keys: readonly string[]): Promise<boolean> {
      this.asked.resolve();
      await this.release.promise;
      return super.remove(keys);
    }
  }

  it('is not joined by those who ask after it has returned: it may have read before it arrived', async () => {
    const store = new SlowToRemove(10);
    const { cache } = createCache(store);
    const old = deferred<string>();
    const deleted = cache.delete('key');
    await store.asked.promise;
    const entered = deferred<void>();
    const early = cache.getOrSet('key', () => {
      entered.resolve();
      return old.promise;
    });
    await entered.promise;
    store.release.resolve();
    await deleted;
    expect(await cache.getOrSet('key', () => 'new')).toBe('new');
    old.resolve('old');
    expect(await early).toBe('old');
    expect(await cache.get('key')).toBe('new');
  });
});

describe('what a cache tells', () => {
  it('is whether the value was there, of which cache and key, and how long it took', async () => {
    const { cache, heard } = createCache(new MemoryCacheStore(10));
    await cache.getOrSet('key', () => 'value');
    await cache.getOrSet('key', () => 'value');
    await cache.get('other');
    await cache.invalidateTags('mugs');
    await cache.clear();
    const facts = { cache: 'catalog', durationMs: expect.any(Number) };
    expect(heard).toEqual([
      ['cache.miss', { ...facts, key: 'key', reason: 'absent' }],
      ['cache.hit', { ...facts, key: 'key', tier: 'store' }],
      ['cache.miss', { ...facts, key: 'other', reason: 'absent' }],
      ['cache.invalidated', { cache: 'catalog', tag: 'mugs' }],
      ['cache.invalidated', { cache: 'catalog', tag: null }],
    ]);
  });

  it('is never the value, also when it cannot be stored or read', async () => {
    const store = new MemoryCacheStore(10);
    const { cache, heard } = createCache(store, { codec: 'json', maxValueBytes: 100 });
    const secret = 'hunter2';
    const unstorable = { secret, toJSON: () => 1n };
    expect(await cache.getOrSet('key', () => unstorable)).toBe(unstorable);
    expect(await cache.set('key', secret.repeat(100))).toBe(false);
    expect(heard.map(([name, { message }]) => [name, message])).toEqual([
      ['cache.error', 'Cannot encode: Do not know how to serialize a BigInt'],
      ['cache.miss', undefined],
      ['cache.error', 'A payload of 703 bytes is above the limit of 100'],
    ]);
    expect(JSON.stringify(heard)).not.toContain(secret);
  });

  it('names a key as the application does, whatever the version of the cache', async () => {
    const keys = [];
    for (const version of [undefined, 1, 12]) {
      const { cache, heard } = createCache(new MemoryCacheStore(10), {
        version,
        maxValueBytes: 10,
      });
      await cache.set('product:{1}:2', 'x'.repeat(100));
      keys.push(heard[0]![1].key);
    }
    expect(keys[0]).toMatch(/^product:~[\w-]{12}$/);
    expect(new Set(keys).size).toBe(1);
  });
});

import { Test } from '@nestjs/testing';
import { CacheService } from 'nestjs-redis-kit';
import { cacheContract, RedisKitTestingModule } from 'nestjs-redis-kit/testing';
import { describe, expect, it } from '@jest/globals';
import { deferred } from '../core/deferred.js';
import { RedisKitEvents } from '../core/events.js';
import { KeySpace } from '../core/key-space.js';
import { CacheInvalidationError } from './cache.errors.js';
import { resolveCacheOptions, type CacheOptions } from './cache.options.js';
import { runWithMemo } from './request-memo.js';
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

type Step = 'remove' | 'expire' | 'put' | 'write' | 'batch' | 'removeMatching';

/** A store in memory that takes its time for one kind of step. */
class SlowStore extends MemoryCacheStore {
  readonly asked = deferred<void>();
  readonly release = deferred<void>();

  constructor(private readonly slowStep: Step) {
    super(100);
  }

  override async remove(...args: Parameters<MemoryCacheStore['remove']>) {
    await this.#pass('remove');
    return super.remove(...args);
  }
  override async expire(...args: Parameters<MemoryCacheStore['expire']>) {
    await this.#pass('expire');
    return super.expire(...args);
  }
  override async put(...args: Parameters<MemoryCacheStore['put']>) {
    await this.#pass('put');
    return super.put(...args);
  }
  override async write(...args: Parameters<MemoryCacheStore['write']>) {
    await this.#pass('write');
    return super.write(...args);
  }
  override async batch(...args: Parameters<MemoryCacheStore['batch']>) {
    await this.#pass('batch');
    return super.batch(...args);
  }
  override async removeMatching(...args: Parameters<MemoryCacheStore['removeMatching']>) {
    await this.#pass('removeMatching');
    return super.removeMatching(...args);
  }

  async #pass(step: Step): Promise<void> {
    if (step !== this.slowStep) return;
    this.asked.resolve();
    await this.release.promise;
  }
}

describe('a call that begins while a change is on its way', () => {
  const TAGGED = { tags: ['tag'] };
  const CHANGES: { name: string; step: Step; apply: (cache: CacheService) => Promise<unknown> }[] =
    [
      { name: 'delete', step: 'remove', apply: (cache) => cache.delete('key') },
      { name: 'deleteMany', step: 'remove', apply: (cache) => cache.deleteMany(['key', 'other']) },
      { name: 'expire', step: 'expire', apply: (cache) => cache.expire('key') },
      { name: 'invalidateTags', step: 'put', apply: (cache) => cache.invalidateTags('tag') },
      { name: 'clear', step: 'put', apply: (cache) => cache.clear() },
      { name: 'set', step: 'write', apply: (cache) => cache.set('key', 'new', TAGGED) },
      { name: 'setMany', step: 'batch', apply: (cache) => cache.setMany({ key: 'new' }, TAGGED) },
      { name: 'put', step: 'write', apply: (cache) => cache.put('key', () => 'new', TAGGED) },
      {
        name: 'invalidatePattern',
        step: 'removeMatching',
        apply: (cache) => cache.invalidatePattern('k*'),
      },
    ];

  /** A call whose factory has begun, and answers `old` when it is told to. */
  async function beginCall(cache: CacheService) {
    const [entered, old] = [deferred<void>(), deferred<string>()];
    const early = cache.getOrSet('key', () => (entered.resolve(), old.promise), TAGGED);
    await entered.promise;
    return { early, old };
  }

  it.each(CHANGES)(
    'is not joined by those who ask after $name has returned: it may have read before it arrived',
    async ({ step, apply }) => {
      const store = new SlowStore(step);
      const { cache } = createCache(store);
      const changing = apply(cache);
      await store.asked.promise;
      const { early, old } = await beginCall(cache);
      store.release.resolve();
      await changing;
      expect(await cache.getOrSet('key', () => 'new', TAGGED)).toBe('new');
      old.resolve('old');
      expect(await early).toBe('old');
      expect(await cache.get('key')).toBe('new');
    },
  );

  it.each(CHANGES)(
    'is not remembered by its request when $name has returned',
    async ({ step, apply }) => {
      const store = new SlowStore(step);
      const { cache } = createCache(store, { memo: true });
      await cache.getOrSet('key', () => 'old', TAGGED);
      await runWithMemo(async () => {
        const changing = apply(cache);
        await store.asked.promise;
        expect(await cache.get('key')).toBe('old');
        store.release.resolve();
        await changing;
        expect(await cache.get('key')).not.toBe('old');
      });
    },
  );

  it('is not joined by those who ask after it has failed, either', async () => {
    const store = new SlowStore('remove');
    const { cache } = createCache(store);
    const deleted = cache.delete('key');
    await store.asked.promise;
    const { early, old } = await beginCall(cache);
    store.release.reject(new Error('away'));
    await expect(deleted).rejects.toThrow(CacheInvalidationError);
    expect(await cache.getOrSet('key', () => 'new', TAGGED)).toBe('new');
    old.resolve('old');
    expect(await early).toBe('old');
    await cache.close();
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
      ['cache.miss', { ...facts, key: 'key', reason: 'absent', shared: false }],
      ['cache.hit', { ...facts, key: 'key', tier: 'store' }],
      ['cache.miss', { ...facts, key: 'other', reason: 'absent', shared: false }],
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

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RedisKitEvents } from '../core/events.js';
import { KeySpace } from '../core/key-space.js';
import { resolveCacheOptions } from './cache.options.js';
import { CacheService } from './cache.service.js';
import { Cacheable } from './cacheable.decorator.js';
import { MemoryCacheStore } from './stores/memory-cache.store.js';
import { TagAdvice } from './tag-advice.js';

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `customer:${i}`);

describe('advice about tags', () => {
  let warnings: string[];
  beforeEach(() => {
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((text: string) => {
      warnings.push(text);
    });
  });
  afterEach(() => void jest.restoreAllMocks());

  const createCache = () =>
    new CacheService({
      name: 'catalog',
      options: resolveCacheOptions({}),
      store: new MemoryCacheStore(1_000),
      keySpace: new KeySpace('testing'),
      events: new RedisKitEvents(),
    });

  it.each([
    ['getOrSet', (c: CacheService, tags: string[]) => c.getOrSet('key', () => 1, { tags })],
    ['set', (c: CacheService, tags: string[]) => c.set('key', 1, { tags })],
    ['setMany', (c: CacheService, tags: string[]) => c.setMany({ key: 1 }, { tags })],
    ['put', (c: CacheService, tags: string[]) => c.put('key', () => 1, { tags })],
  ])('comes once, when %s stores a value with many, and names no person', async (_, store) => {
    const cache = createCache();
    await store(cache, numbered(16));
    await cache.clear();
    expect(warnings).toEqual([]);
    await store(cache, numbered(17));
    await cache.clear();
    await store(cache, numbered(18));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^A value of cache 'catalog' has 17 tags, among them 'customer:~[\w-]{12}', /,
    );
  });

  it('comes when a class is loaded, for a method that gives many', () => {
    class Reports {
      @Cacheable({ tags: ['all'] })
      async few(): Promise<void> {}

      @Cacheable({ tags: numbered(17) })
      async all(): Promise<void> {}
    }
    expect(Reports).toBeDefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^all\(\) has 17 tags, among them 'customer:0', 'customer:1', /);
  });

  it('comes once when there are more tags than are remembered', () => {
    const advice = new TagAdvice('catalog');
    advice.ofTable(100_000);
    advice.ofTable(100_000);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^Cache 'catalog' has more tags in use than .* \(100000\)/);
  });
});

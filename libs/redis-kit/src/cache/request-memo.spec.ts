import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { deferred } from '../core/deferred.js';
import { RedisKitTestingModule } from '../testing/redis-kit-testing.module.js';
import { CacheService } from './cache.service.js';
import { runWithMemo } from './request-memo.js';

describe('what a request keeps', () => {
  let module: TestingModule;
  let cache: CacheService;
  let hits: string[];

  beforeEach(async () => {
    hits = [];
    module = await Test.createTestingModule({
      imports: [
        RedisKitTestingModule.forRoot({
          caches: { default: { memo: true } },
          onEvents: { 'cache.hit': ({ tier }) => void hits.push(tier) },
        }),
      ],
    }).compile();
    cache = module.get(CacheService);
  });

  afterEach(() => module.close());

  const unwanted = () => {
    throw new Error('There is a value');
  };

  it('is answered again without asking the store', async () => {
    await cache.set('key', { price: 1 });
    await runWithMemo(async () => {
      const first = await cache.getOrSet('key', unwanted);
      expect(await cache.getOrSet('key', unwanted)).toBe(first);
      expect(await cache.get('key')).toBe(first);
      expect((await cache.getMany(['key'])).get('key')).toBe(first);
    });
    expect(hits).toEqual(['store', 'memory', 'memory', 'memory']);
  });

  it('is not kept outside of a scope, nor beyond it, nor for another one', async () => {
    await cache.set('key', 1);
    await cache.get('key');
    await cache.get('key');
    await runWithMemo(() => cache.get('key'));
    await runWithMemo(() => cache.get('key'));
    expect(hits).toEqual(['store', 'store', 'store', 'store']);
  });

  it('shares the scope of those who open one inside', async () => {
    await cache.set('key', 1);
    await runWithMemo(async () => {
      await cache.get('key');
      await runWithMemo(() => cache.get('key'));
    });
    expect(hits).toEqual(['store', 'memory']);
  });

  it.each([
    { by: 'delete', change: () => cache.delete('key') },
    { by: 'expire', change: () => cache.expire('key') },
    { by: 'invalidateTags', change: () => cache.invalidateTags('tag') },
    { by: 'clear', change: () => cache.clear() },
    { by: 'deleteMany', change: () => cache.deleteMany(['key']) },
    { by: 'invalidatePattern', change: () => cache.invalidatePattern('k*') },
    { by: 'set', change: () => cache.set('key', 'new') },
    { by: 'setMany', change: () => cache.setMany({ key: 'new' }) },
    { by: 'put', change: () => cache.put('key', () => 'new') },
  ])('is dropped by $by, in every request', async ({ change }) => {
    await cache.set('key', 'old', { tags: ['tag'] });
    const [read, changed] = [deferred<void>(), deferred<void>()];
    const other = runWithMemo(async () => {
      expect(await cache.get('key')).toBe('old');
      read.resolve();
      await changed.promise;
      expect(await cache.get('key')).not.toBe('old');
    });
    await read.promise;
    await runWithMemo(async () => {
      expect(await cache.get('key')).toBe('old');
      await change();
      expect(await cache.get('key')).not.toBe('old');
    });
    changed.resolve();
    await other;
  });

  it('is not what was asked for before a change, and answered after it', async () => {
    await cache.set('key', 'old');
    await runWithMemo(async () => {
      const early = cache.get('key');
      const change = cache.delete('key');
      await Promise.all([early, change]);
      expect(await cache.lookup('key')).toEqual({ hit: false });
    });
  });

  it('is not answered to a call with a tag it may not carry, nor to one that is strict', async () => {
    await cache.set('key', 'untagged');
    await runWithMemo(async () => {
      expect(await cache.get('key')).toBe('untagged');
      await cache.lookup('key', { strict: true });
      expect(hits).toEqual(['store', 'store']);
      expect(await cache.getOrSet('key', () => 'tagged', { tags: ['tag'] })).toBe('tagged');
    });
  });

  it('is frozen, and never an object that a factory made', async () => {
    await runWithMemo(async () => {
      const made = await cache.getOrSet('key', () => ({ list: [1] }));
      made.list.push(2);
      const read = await cache.get<{ list: number[] }>('key');
      expect(read).toEqual({ list: [1] });
      expect(() => read!.list.push(2)).toThrow(TypeError);
    });
  });
});

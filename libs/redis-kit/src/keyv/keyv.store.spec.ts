import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Test, type TestingModule } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { CacheService } from '../cache/cache.service.js';
import { RedisKitTestingModule } from '../testing/redis-kit-testing.module.js';
import { createKeyv, RedisKitKeyvStore } from './keyv.store.js';

describe('a Keyv on a cache', () => {
  let module: TestingModule;
  let cache: CacheService;

  beforeEach(async () => {
    module = await Test.createTestingModule({
      imports: [RedisKitTestingModule.forRoot()],
    }).compile();
    cache = module.get(CacheService);
  });

  afterEach(() => module.close());

  describe.each([
    {
      title: 'made by createKeyv',
      create: (namespace?: string) => createKeyv(cache, { namespace }),
    },
    {
      title: 'that makes JSON of values',
      create: (namespace = 'keyv') => new Keyv({ store: new RedisKitKeyvStore(cache), namespace }),
    },
  ])('$title', ({ create }) => {
    it('stores, tells, reads and deletes', async () => {
      const keyv = create();
      expect(await keyv.get('key')).toBeUndefined();
      expect(await keyv.has('key')).toBe(false);
      expect(await keyv.set('key', { price: 1 })).toBe(true);
      expect(await keyv.get('key')).toEqual({ price: 1 });
      expect(await keyv.has('key')).toBe(true);
      expect(await keyv.delete('key')).toBe(true);
      expect(await keyv.delete('key')).toBe(false);
      expect(await keyv.get('key')).toBeUndefined();
    });

    it('does so with many at once, in the order they were asked for', async () => {
      const keyv = create();
      const entries = [
        { key: 'a', value: 1 },
        { key: 'b', value: null },
        { key: 'c', value: 'three', ttl: 60_000 },
      ];
      expect(await keyv.setMany(entries)).toEqual([true, true, true]);
      expect(await keyv.getMany(['c', 'absent', 'a'])).toEqual(['three', undefined, 1]);
      expect(await keyv.hasMany(['absent', 'b'])).toEqual([false, true]);
      expect(await keyv.deleteMany(['absent', 'a'])).toBe(true);
      expect(await keyv.deleteMany(['absent', 'a'])).toBe(false);
      expect(await keyv.getMany(['a', 'c'])).toEqual([undefined, 'three']);
    });

    it('clears its own namespace and no other', async () => {
      const [one, other] = [create('one'), create('other')];
      await one.set('key', 1);
      await other.set('key', 2);
      await cache.set('key', 3);
      await one.clear();
      expect([await one.get('key'), await other.get('key'), await cache.get('key')]).toEqual([
        undefined,
        2,
        3,
      ]);
    });

    it('lists what is stored in its own namespace, and nothing that is over', async () => {
      const [keyv, other] = [create('one'), create('two')];
      const stored = Array.from({ length: 250 }, (_, i) => [`key:${i}`, { i }] as const);
      for (const [key, value] of stored) await keyv.set(key, value);
      await keyv.set('deleted', 1);
      await keyv.delete('deleted');
      await other.set('key:1', 'other');
      await cache.set('bystander', 1);
      const listed: [string, unknown][] = [];
      for await (const entry of keyv.iterator!('one')) listed.push(entry as [string, unknown]);
      expect(listed).toHaveLength(stored.length);
      expect(new Map(listed)).toEqual(new Map(stored));
      await keyv.clear();
      expect((await keyv.iterator!('one').next()).done).toBe(true);
    });

    it('forgets values when their time is over, which is that of the cache where none is given', async () => {
      const keyv = create();
      const before = Date.now();
      await keyv.set('short', 1, 1_000);
      await keyv.set('none', 1, 0);
      const short = await keyv.get('short', { raw: true });
      expect(short!.expires! - before).toBeGreaterThanOrEqual(1_000);
      expect(await keyv.get('none')).toBe(1);
    });
  });

  it('keeps the types of values', async () => {
    const keyv = createKeyv(cache);
    const value = { at: new Date(0), prices: new Map([['eur', 2n]]) };
    await keyv.set('key', value);
    expect(await keyv.get('key')).toEqual(value);
  });

  it('answers false when a value is not stored', async () => {
    const keyv = createKeyv(cache);
    expect(await keyv.set('key', randomBytes(6 * 1024 * 1024))).toBe(false);
    expect(await keyv.has('key')).toBe(false);
  });

  it('clears the whole cache where there is no namespace', async () => {
    const store = new RedisKitKeyvStore(cache);
    await cache.set('key', 1);
    await store.clear();
    expect(await store.get('key')).toBeUndefined();
  });
});

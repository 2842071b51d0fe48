import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Cacheable,
  CacheEvict,
  CachePut,
  CacheService,
  inTransaction,
  invalidate,
  RedisKitModule,
} from '../index.js';

@Injectable()
class Prices {
  readonly committed = new Map([['a', 1]]);

  @Cacheable({ key: '{0}' })
  async find(id: string): Promise<number | undefined> {
    return this.committed.get(id);
  }

  @CachePut({ key: '{0}' })
  async save(_id: string, price: number): Promise<number> {
    return price;
  }

  @CacheEvict({ key: '{0}' })
  async evict(_id: string): Promise<void> {}
}

describe('inTransaction', () => {
  let app: INestApplicationContext;
  let cache: CacheService;
  let prices: Prices;

  beforeEach(async () => {
    class AppModule {}
    app = await NestFactory.createApplicationContext(
      {
        module: AppModule,
        imports: [
          RedisKitModule.forRoot({ connect: 'lazy', caches: { default: { store: 'memory' } } }),
        ],
        providers: [Prices],
      },
      { logger: false, abortOnError: false },
    );
    cache = app.get(CacheService);
    prices = app.get(Prices);
    await prices.find('a');
  });
  afterEach(() => app.close());

  const CHANGES: { name: string; apply: () => Promise<unknown> }[] = [
    { name: '@CacheEvict', apply: () => prices.evict('a') },
    { name: '@CachePut', apply: () => prices.save('a', 2) },
    { name: 'invalidate', apply: () => invalidate(prices, 'find', 'a') },
    { name: 'put', apply: () => cache.put('a', () => 2) },
  ];

  it.each(CHANGES)('does $name after the commit', async ({ apply }) => {
    const result = await inTransaction(async () => {
      await apply();
      expect(await cache.get('a')).toBe(1);
      prices.committed.set('a', 2);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await prices.find('a')).toBe(2);
  });

  it.each(CHANGES)('does no $name after a rollback', async ({ apply }) => {
    const failed = inTransaction(async () => {
      await apply();
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    expect(await cache.get('a')).toBe(1);
  });

  it('lets reads go past the cache, and stores nothing they saw', async () => {
    await inTransaction(async () => {
      prices.committed.set('a', 9);
      expect(await prices.find('a')).toBe(9);
      prices.committed.set('b', 9);
      expect(await prices.find('b')).toBe(9);
    });
    expect(await cache.get('a')).toBe(1);
    expect(await cache.lookup('b')).toEqual({ hit: false });
  });

  it('waits for the outermost transaction; an inner one takes its own changes back', async () => {
    await cache.set('kept', 1);
    await inTransaction(async () => {
      await inTransaction(() => prices.evict('a'));
      const inner = inTransaction(async () => {
        await prices.evict('kept');
        throw new Error('savepoint');
      });
      await expect(inner).rejects.toThrow('savepoint');
      expect(await cache.get('a')).toBe(1);
    });
    expect(await cache.lookup('a')).toEqual({ hit: false });
    expect(await cache.get('kept')).toBe(1);
  });

  it('does at once what work left behind asks for after its end', async () => {
    let evict!: () => void;
    const gate = new Promise<void>((resolve) => (evict = resolve));
    let left!: Promise<void>;
    await inTransaction(async () => {
      left = gate.then(() => prices.evict('a'));
    });
    expect(await cache.get('a')).toBe(1);
    evict();
    await left;
    expect(await cache.lookup('a')).toEqual({ hit: false });
  });
});

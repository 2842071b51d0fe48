import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CacheService,
  ConfigurationError,
  EntityCache,
  EntityNotFoundError,
  inTransaction,
  RedisKitModule,
} from '../index.js';

interface Product {
  readonly id: string;
  readonly price: number;
}

describe('an entity cache', () => {
  let app: INestApplicationContext;
  let cache: CacheService;
  const source = new Map<string, Product>();
  let loads: string[][];

  const load = async (id: string) => (loads.push([id]), source.get(id));
  const loadMany = async (ids: readonly string[]) => {
    loads.push([...ids]);
    return new Map(ids.flatMap((id) => (source.has(id) ? [[id, source.get(id)!] as const] : [])));
  };
  const products = (more: object = {}) =>
    new EntityCache<Product>(cache, { name: 'product', load, ...more });

  beforeEach(async () => {
    loads = [];
    source.clear();
    for (const id of ['a', 'b', 'c', 'd']) source.set(id, { id, price: 1 });
    class AppModule {}
    app = await NestFactory.createApplicationContext(
      {
        module: AppModule,
        imports: [
          RedisKitModule.forRoot({ connect: 'lazy', caches: { default: { store: 'memory' } } }),
        ],
      },
      { logger: false, abortOnError: false },
    );
    cache = app.get(CacheService);
  });
  afterEach(() => app.close());

  it('reads an entity once, until it is forgotten', async () => {
    const entities = products();
    expect(await entities.get('a')).toEqual({ id: 'a', price: 1 });
    expect(await entities.get('a')).toEqual({ id: 'a', price: 1 });
    expect(loads).toEqual([['a']]);
    source.set('a', { id: 'a', price: 2 });
    await entities.forget('a', 'b');
    expect((await entities.get('a'))?.price).toBe(2);
  });

  it('has an error with a status for what does not exist, and does not keep that', async () => {
    const entities = products();
    expect(await entities.get('x')).toBeUndefined();
    const thrown: unknown = await entities.getOrThrow('x').catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(EntityNotFoundError);
    expect(thrown).toMatchObject({
      code: 'ENTITY_NOT_FOUND',
      statusCode: 404,
      entity: 'product',
      id: 'x',
      message: 'There is no product "x"',
    });
    expect(loads).toHaveLength(2);
    source.set('x', { id: 'x', price: 1 });
    expect(await entities.getOrThrow('x')).toEqual({ id: 'x', price: 1 });
  });

  it('treats null of the source as nothing', async () => {
    expect(await products({ load: async () => null }).get('x')).toBeUndefined();
  });

  it('loads all that are missing at once, and answers in the order asked for', async () => {
    const entities = products({ loadMany });
    await entities.get('b');
    loads = [];
    const found = await entities.getMany(['d', 'b', 'x', 'a', 'd']);
    expect([...found.keys()]).toEqual(['d', 'b', 'a']);
    expect(loads).toEqual([['d', 'x', 'a']]);
    await entities.getMany(['a', 'b', 'd']);
    expect(loads).toHaveLength(1);
    expect((await entities.getMany([])).size).toBe(0);
  });

  it('loads one by one when there is no other way', async () => {
    const found = await products().getMany(['a', 'b']);
    expect([...found.keys()]).toEqual(['a', 'b']);
    expect(loads).toEqual([['a'], ['b']]);
  });

  it('gives the error of the loader to all, and keeps nothing', async () => {
    const fails = () => Promise.reject(new Error('no source'));
    await expect(products({ loadMany: fails }).getMany(['a', 'b'])).rejects.toThrow('no source');
    expect((await products({ loadMany }).getMany(['a', 'b'])).size).toBe(2);
  });

  it('does not keep what was forgotten while many were loaded', async () => {
    let entered!: () => void;
    let open!: () => void;
    const isLoading = new Promise<void>((resolve) => (entered = resolve));
    const gate = new Promise<void>((resolve) => (open = resolve));
    const slow = async (ids: readonly string[]) => {
      const read = await loadMany(ids);
      entered();
      await gate;
      return read;
    };
    const entities = products({ loadMany: slow });
    const late = entities.getMany(['a', 'b']);
    await isLoading;
    source.set('b', { id: 'b', price: 2 });
    await entities.forget('b');
    open();
    expect((await late).get('b')?.price).toBe(1);
    loads = [];
    const now = await entities.getMany(['a', 'b']);
    expect(now.get('b')?.price).toBe(2);
    expect(loads).toEqual([['b']]);
  });

  it('shares one flight between overlapping calls for many', async () => {
    const entities = products({ loadMany });
    const [one, two] = await Promise.all([
      entities.getMany(['a', 'b', 'c']),
      entities.getMany(['c', 'd']),
    ]);
    expect([...one.keys(), ...two.keys()]).toEqual(['a', 'b', 'c', 'c', 'd']);
    expect(loads.flat().sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('writes through, with its tags', async () => {
    const entities = products({ tags: (id: string) => ['products', `about:${id}`] });
    await entities.get('a');
    const saved = await entities.put('a', async () => {
      source.set('a', { id: 'a', price: 5 });
      return source.get('a')!;
    });
    expect(saved.price).toBe(5);
    loads = [];
    expect((await entities.get('a'))?.price).toBe(5);
    expect(loads).toEqual([]);
    await cache.invalidateTags('about:a');
    await entities.get('a');
    expect(loads).toEqual([['a']]);
  });

  it('in a transaction reads from the source, and forgets after the commit', async () => {
    const entities = products({ loadMany });
    await entities.get('a');
    await inTransaction(async () => {
      source.set('a', { id: 'a', price: 9 });
      expect((await entities.get('a'))?.price).toBe(9);
      expect((await entities.getMany(['a'])).get('a')?.price).toBe(9);
      await entities.forget('a');
      expect(await cache.get('product:a')).toEqual({ id: 'a', price: 1 });
    });
    expect((await entities.get('a'))?.price).toBe(9);
  });

  it('refuses a name that could meet another one', () => {
    expect(() => products({ name: 'a:b' })).toThrow(ConfigurationError);
    expect(() => products({ ttl: 'soon' })).toThrow(RangeError);
  });
});

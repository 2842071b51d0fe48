import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Cacheable,
  CacheEvict,
  CacheKeyError,
  CachePut,
  CacheService,
  ConfigurationError,
  invalidate,
  type Invalidatable,
} from '../index.js';
import { withMemoryCaches } from '../../../../test/support/application.js';

interface Product {
  readonly id: string;
  readonly category: string;
  readonly price: number;
}

class Source {
  readonly products = new Map<string, Product>([
    ['a', { id: 'a', category: 'toys', price: 1 }],
    ['b', { id: 'b', category: 'toys', price: 2 }],
  ]);
  reads = 0;
}

@Injectable()
class Products extends Source {
  @Cacheable({ key: 'product:{id}', tags: ['category:{id}'] })
  async find(id: string): Promise<Product | undefined> {
    this.reads++;
    return this.products.get(id);
  }

  @Cacheable({
    key: 'list:{category}',
    tags: ['category:{category}'],
    condition: (category: string) => category !== 'fresh',
    unless: (found: Product[], category: string) => found.length === 0 || category === 'secret',
  })
  async list(category: string): Promise<Product[]> {
    this.reads++;
    return [...this.products.values()].filter((one) => one.category === category);
  }

  @CachePut({
    key: 'product:{product.id}',
    resultTags: (_result: Product, { id }: Product) => [`category:${id}`],
    unless: ({ price }: Product) => price < 0,
    condition: ({ id }: Product) => id !== 'unnoticed',
  })
  async save(product: Product): Promise<Product> {
    if (product.price === 13) throw new Error('unlucky');
    const saved = { ...product, price: Math.max(product.price, -1) };
    this.products.set(product.id, saved);
    return saved;
  }

  @CacheEvict({ key: 'product:{id}', tags: ['category:toys'] })
  async remove(id: string, fails = false): Promise<string> {
    if (fails) throw new Error('not removed');
    this.products.delete(id);
    return id;
  }

  @CacheEvict({ key: 'product:{id}', beforeInvocation: true })
  async tryRemove(id: string): Promise<void> {
    throw new Error(`kept ${id}`);
  }

  @CacheEvict({ allEntries: true, condition: (really: boolean) => really })
  async reset(_really: boolean): Promise<void> {}

  // The inner key is found although the outer decorator sees a wrapped method.
  @CacheEvict({ key: 'product:{1}' })
  @CacheEvict({ key: 'product:{0}' })
  async removeBoth(_first: string, _second: string): Promise<void> {}

  @Cacheable()
  async derived(text: string, options?: { deep: boolean }): Promise<string> {
    this.reads++;
    return `${text}${String(options?.deep)}`;
  }
}

describe('the cache decorators', () => {
  it('keep what @Cacheable resolves to, by key, and again after an eviction', async () => {
    await withMemoryCaches([Products], async (app) => {
      const products = app.get(Products);
      expect((await products.find('a'))?.price).toBe(1);
      expect((await products.find('a'))?.price).toBe(1);
      expect(products.reads).toBe(1);
      await products.list('toys');
      expect(await products.remove('a')).toBe('a');
      expect(await products.find('a')).toBeUndefined();
      expect(await products.list('toys')).toHaveLength(1);
      expect(products.reads).toBe(4);
    });
  });

  it('do not evict when the method threw, unless told to do it before', async () => {
    await withMemoryCaches([Products], async (app) => {
      const [products, cache] = [app.get(Products), app.get(CacheService)];
      await products.find('a');
      await expect(products.remove('a', true)).rejects.toThrow('not removed');
      expect((await cache.lookup('product:a')).hit).toBe(true);
      await expect(products.tryRemove('a')).rejects.toThrow('kept a');
      expect((await cache.lookup('product:a')).hit).toBe(false);
    });
  });

  it('evict everything under a condition', async () => {
    await withMemoryCaches([Products], async (app) => {
      const [products, cache] = [app.get(Products), app.get(CacheService)];
      await products.find('a');
      await products.reset(false);
      expect((await cache.lookup('product:a')).hit).toBe(true);
      await products.reset(true);
      expect((await cache.lookup('product:a')).hit).toBe(false);
    });
  });

  it('can stand one on another, each with the parameters as they were written', async () => {
    await withMemoryCaches([Products], async (app) => {
      const [products, cache] = [app.get(Products), app.get(CacheService)];
      await products.find('a');
      await products.find('b');
      await products.removeBoth('a', 'b');
      expect((await cache.lookup('product:a')).hit).toBe(false);
      expect((await cache.lookup('product:b')).hit).toBe(false);
    });
  });

  it('go past the cache where `condition` says so, and do not store what `unless` refuses', async () => {
    await withMemoryCaches([Products], async (app) => {
      const [products, cache] = [app.get(Products), app.get(CacheService)];
      products.products.set('f', { id: 'f', category: 'fresh', price: 1 });
      products.products.set('s', { id: 's', category: 'secret', price: 1 });
      for (const category of ['fresh', 'secret', 'none']) {
        products.reads = 0;
        const expected = category === 'none' ? 0 : 1;
        expect(await products.list(category)).toHaveLength(expected);
        expect(await products.list(category)).toHaveLength(expected);
        expect(products.reads).toBe(2);
        expect(await cache.lookup(`list:${category}`)).toEqual({ hit: false });
      }
      // Callers of one moment share the refused value all the same, and it is the value itself.
      const together = await Promise.all([products.list('secret'), products.list('secret')]);
      expect(together.map((list) => list.length)).toEqual([1, 1]);
    });
  });

  it('store what @CachePut resolves to, on every call', async () => {
    await withMemoryCaches([Products], async (app) => {
      const [products, cache] = [app.get(Products), app.get(CacheService)];
      await products.find('a');
      const saved = await products.save({ id: 'a', category: 'toys', price: 5 });
      expect(await cache.get('product:a')).toEqual(saved);
      await products.save({ id: 'a', category: 'toys', price: 6 });
      expect((await products.find('a'))?.price).toBe(6);
      expect(products.reads).toBe(1);
      // By the tag that came from a function of result and arguments.
      await cache.invalidateTags('category:a');
      expect((await cache.lookup('product:a')).hit).toBe(false);
    });
  });

  it('leave the key of @CachePut empty after a refused result, a tag not known before, or an error', async () => {
    await withMemoryCaches([Products], async (app) => {
      const [products, cache] = [app.get(Products), app.get(CacheService)];
      const product = { id: 'a', category: 'toys', price: -5 };
      await products.find('a');
      expect((await products.save(product)).price).toBe(-1);
      expect((await cache.lookup('product:a')).hit).toBe(false);

      await cache.set('product:a', 'old', { tags: ['another'] });
      await products.save({ ...product, price: 7 });
      expect((await cache.lookup('product:a')).hit).toBe(false);

      await products.find('a');
      await expect(products.save({ ...product, price: 13 })).rejects.toThrow('unlucky');
      expect((await products.find('a'))?.price).toBe(7);
    });
  });

  it('run @CachePut without the cache where `condition` says so', async () => {
    await withMemoryCaches([Products], async (app) => {
      const [products, cache] = [app.get(Products), app.get(CacheService)];
      await products.save({ id: 'unnoticed', category: 'toys', price: 1 });
      expect((await cache.lookup('product:unnoticed')).hit).toBe(false);
    });
  });

  it('refuse at load time an eviction of nothing, unknown parameters and wrong durations', () => {
    expect(() => {
      class Idle {
        @CacheEvict({})
        async run(): Promise<void> {}
      }
      return Idle;
    }).toThrow(CacheKeyError);
    expect(() => {
      class Wrong {
        @CachePut({ key: 'a:{nobody}' })
        async run(_id: string): Promise<void> {}
      }
      return Wrong;
    }).toThrow(/nobody/);
    expect(() => {
      class Hasty {
        @CachePut({ key: 'a', ttl: 'soon' as never })
        async run(): Promise<void> {}
      }
      return Hasty;
    }).toThrow(RangeError);
    expect(() => {
      class TooEarly {
        @CacheEvict({ resultTags: () => ['a'], beforeInvocation: true })
        async run(): Promise<void> {}
      }
      return TooEarly;
    }).toThrow(/resultTags/);
  });

  it('reject on an instance that Nest did not make', async () => {
    await expect(new Products().save({ id: 'a', category: '', price: 1 })).rejects.toThrow(
      /Products.save\(\) is @CachePut, but this instance was not made by Nest/,
    );
  });
});

describe('invalidate', () => {
  it('deletes exactly the entry of a call, whatever its key is made of', async () => {
    await withMemoryCaches([Products], async (app) => {
      const products = app.get(Products);
      await products.derived('a', { deep: true });
      await products.derived('b');
      await invalidate(products, 'derived', 'a', { deep: true });
      await products.derived('b');
      expect(products.reads).toBe(2);
      await products.derived('a', { deep: true });
      expect(products.reads).toBe(3);
    });
  });

  it('is typed by the method, and refuses one that is not cached', async () => {
    await withMemoryCaches([Products], async (app) => {
      const products = app.get(Products);
      // @ts-expect-error the method takes text
      await invalidate(products, 'find', 1);
      // @ts-expect-error there is no such method
      await expect(invalidate(products, 'reads')).rejects.toThrow(ConfigurationError);
      await expect(invalidate(products, 'reset', true)).rejects.toThrow(
        'Products.reset() is not @Cacheable',
      );
    });
  });

  it('is on the method too, for every class that has it', async () => {
    @Injectable()
    class Special extends Products {}
    await withMemoryCaches([Products, Special], async (app) => {
      const [products, special] = [app.get(Products), app.get(Special)];
      await products.derived('a');
      await special.derived('a');
      await (products.derived as Invalidatable<Products['derived']>).invalidate('a');
      await products.derived('a');
      await special.derived('a');
      expect([products.reads, special.reads]).toEqual([2, 2]);
    });
  });

  it('on the method does not guess between applications', async () => {
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const find = Products.prototype.find as Invalidatable<Products['find']>;
    await expect(find.invalidate('a')).rejects.toThrow(/found no application/);
    await withMemoryCaches([Products], async () => {
      await withMemoryCaches([Products], async () => {
        await expect(find.invalidate('a')).rejects.toThrow(/more than one application/);
      });
      await find.invalidate('a');
    });
    await expect(find.invalidate('a')).rejects.toThrow(/found no application/);
  });
});

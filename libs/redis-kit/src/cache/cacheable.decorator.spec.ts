import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Scope,
  SetMetadata,
  type Type,
} from '@nestjs/common';
import { ContextIdFactory, REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { Cacheable, CacheService, ConfigurationError, getCacheToken } from 'nestjs-redis-kit';
import { RedisKitTestingModule, type RedisKitTestingOptions } from 'nestjs-redis-kit/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CacheKeyError } from './cache.errors.js';

const started: TestingModule[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((module) => module.close()));
});

async function start(
  providers: Type[],
  options: RedisKitTestingOptions = {},
  controllers: Type[] = [],
): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    imports: [RedisKitTestingModule.forRoot(options)],
    providers,
    controllers,
  }).compile();
  started.push(module);
  return module;
}

@Injectable()
class Products {
  runs = 0;

  @Cacheable({ key: 'product:{id}:{lang}', ttl: '1h' })
  async find(id: number, lang = 'en'): Promise<string> {
    this.runs += 1;
    return `${id} in ${lang}, run ${this.runs}`;
  }

  @Cacheable()
  async derived(...ids: unknown[]): Promise<string> {
    this.runs += 1;
    return `${ids.join()}, run ${this.runs}`;
  }

  @Cacheable({ tags: ['products', 'product:{id}'] })
  async tagged(id: number): Promise<number> {
    this.runs += 1;
    return id * this.runs;
  }

  @Cacheable({ cache: 'catalog', key: (id: number) => `in-catalog:${id}` })
  async inCatalog(id: number): Promise<number> {
    return id;
  }
}

describe('a cacheable method', () => {
  it('runs once for the same arguments, and is stored under its key', async () => {
    const module = await start([Products], { caches: { catalog: {} } });
    const products = module.get(Products);
    expect(await products.find(1, 'en')).toBe('1 in en, run 1');
    expect(await products.find(1, 'en')).toBe('1 in en, run 1');
    expect(await products.find(2, 'en')).toBe('2 in en, run 2');
    expect(await module.get(CacheService).get('product:1:en')).toBe('1 in en, run 1');
    expect(await products.inCatalog(7)).toBe(7);
    expect(await module.get<CacheService>(getCacheToken('catalog')).get('in-catalog:7')).toBe(7);
  });

  it('runs once for callers at the same time, and again after an error', async () => {
    @Injectable()
    class Failing {
      runs = 0;

      @Cacheable()
      async find(): Promise<string> {
        this.runs += 1;
        if (this.runs === 1) throw new Error('out of stock');
        return 'found';
      }
    }
    const failing = (await start([Failing])).get(Failing);
    const outcomes = await Promise.allSettled([failing.find(), failing.find(), failing.find()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(failing.runs).toBe(1);
    expect(await Promise.all([failing.find(), failing.find()])).toEqual(['found', 'found']);
    expect(failing.runs).toBe(2);
  });

  it('is invalidated by the tags made from its arguments', async () => {
    const module = await start([Products], { caches: { catalog: {} } });
    const products = module.get(Products);
    const cache = module.get(CacheService);
    expect([await products.tagged(1), await products.tagged(2)]).toEqual([1, 4]);
    await cache.invalidateTags('product:1');
    expect([await products.tagged(1), await products.tagged(2)]).toEqual([3, 4]);
    await cache.invalidateTags('products');
    expect([await products.tagged(1), await products.tagged(2)]).toEqual([4, 10]);
  });

  it('tells arguments apart without a key of its own', async () => {
    const products = (await start([Products], { caches: { catalog: {} } })).get(Products);
    const calls: unknown[][] = [[1], ['1'], [1, 2], [[1, 2]], ['1,2'], [{ id: 1 }], []];
    for (const call of calls) await products.derived(...call);
    expect(products.runs).toBe(calls.length);
    for (const call of calls) await products.derived(...call);
    expect(products.runs).toBe(calls.length);
    await expect(products.derived(() => 1)).rejects.toBeInstanceOf(CacheKeyError);
  });

  it('looks like the method it was', () => {
    expect(Products.prototype.find.name).toBe('find');
    expect(Products.prototype.find).toHaveLength(1);
    expect(Object.keys(Products.prototype)).toEqual([]);
  });

  it('may be named by a symbol', async () => {
    const find = Symbol('find');
    @Injectable()
    class Symbolic {
      @Cacheable()
      async [find](id: number): Promise<number> {
        return id;
      }
    }
    const symbolic = (await start([Symbolic])).get(Symbolic);
    expect(await symbolic[find](3)).toBe(3);
  });
});

describe('a class with cacheable methods', () => {
  class Base {
    runs = 0;

    @Cacheable()
    async find(id: number): Promise<string> {
      this.runs += 1;
      return `${this.constructor.name} ${id}`;
    }
  }

  @Injectable()
  class Shoes extends Base {}

  @Injectable()
  class Hats extends Base {
    @Cacheable()
    override async find(id: number): Promise<string> {
      return `${await super.find(id)}, with a brim`;
    }
  }

  it('may inherit them, and two heirs share nothing', async () => {
    const module = await start([Shoes, Hats]);
    for (let i = 0; i < 2; i++) {
      expect(await module.get(Shoes).find(1)).toBe('Shoes 1');
      expect(await module.get(Hats).find(1)).toBe('Hats 1, with a brim');
    }
    expect([module.get(Shoes).runs, module.get(Hats).runs]).toEqual([1, 1]);
  });

  it('may be request-scoped: instances come and go, the cache stays', async () => {
    let instances = 0;
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      readonly instance = (instances += 1);

      constructor(@Inject(REQUEST) readonly request: { user: string }) {}

      @Cacheable({ key: 'user:{0}' })
      async find(user: string): Promise<string> {
        return `${user} by instance ${this.instance}`;
      }
    }
    const module = await start([PerRequest]);
    const ask = async (user: string): Promise<string> => {
      const context = ContextIdFactory.create();
      module.registerRequestByContextId({ user }, context);
      const service = await module.resolve(PerRequest, context);
      return service.find(service.request.user);
    };
    expect([await ask('ada'), await ask('ada'), await ask('eve')]).toEqual([
      'ada by instance 1',
      'ada by instance 1',
      'eve by instance 3',
    ]);
  });

  it('may be transient', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      @Cacheable()
      async random(): Promise<number> {
        return Math.random();
      }
    }
    const module = await start([Transient]);
    const [one, other] = await Promise.all([module.resolve(Transient), module.resolve(Transient)]);
    expect(one).not.toBe(other);
    expect(await one.random()).toBe(await other.random());
  });

  it('may be a controller, with its route above or below', async () => {
    let runs = 0;
    @Controller('products')
    class ProductsController {
      @Get('above/:id')
      @Cacheable({ key: 'above:{id}' })
      async above(@Param('id') id: string): Promise<string> {
        return `${id} above, run ${(runs += 1)}`;
      }

      @Cacheable({ key: 'below:{id}' })
      @Get('below/:id')
      async below(@Param('id') id: string): Promise<string> {
        return `${id} below, run ${(runs += 1)}`;
      }
    }
    const module = await start([], {}, [ProductsController]);
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const ask = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}/products/${path}`)).text();
    const paths = ['above/1', 'above/1', 'below/1', 'below/1'];
    const answers: string[] = [];
    for (const path of paths) answers.push(await ask(path));
    expect(answers).toEqual([
      '1 above, run 1',
      '1 above, run 1',
      '1 below, run 2',
      '1 below, run 2',
    ]);
    app.getHttpServer().closeAllConnections();
    const closed = once(app.getHttpServer(), 'close');
    await app.close();
    await closed;
  });

  it('keeps what other decorators say about the method, above and below', () => {
    class Marked {
      @SetMetadata('above', 1)
      @Cacheable()
      @SetMetadata('below', 2)
      async find(): Promise<void> {}
    }
    const { find } = Marked.prototype;
    expect(Reflect.getMetadata('above', find)).toBe(1);
    expect(Reflect.getMetadata('below', find)).toBe(2);
    expect(Reflect.getMetadata('design:returntype', Marked.prototype, 'find')).toBe(Promise);
  });

  it('belongs to one application: another one in the process shares nothing with it', async () => {
    const [one, other] = await Promise.all([
      start([Products], { caches: { catalog: {} } }),
      start([Products], { caches: { catalog: {} } }),
    ]);
    await one.get(Products).find(1, 'en');
    await other.get(Products).find(1, 'en');
    expect([one.get(Products).runs, other.get(Products).runs]).toEqual([1, 1]);
    await one.get(CacheService).delete('product:1:en');
    await other.get(Products).find(1, 'en');
    expect(other.get(Products).runs).toBe(1);
  });
});

describe('a cacheable method without its cache', () => {
  it('keeps the application from starting: the module is missing', async () => {
    @Module({ providers: [Products] })
    class WithoutCache {}
    const boot = Test.createTestingModule({ imports: [WithoutCache] }).compile();
    await expect(boot).rejects.toThrow('redis-kit:cache:');
  });

  it('keeps the application from starting: there is no cache of that name', async () => {
    await expect(start([Products])).rejects.toThrow('redis-kit:cache:catalog');
  });

  it('rejects when its instance was not made by Nest', async () => {
    const outcome = new Products().find(1);
    await expect(outcome).rejects.toBeInstanceOf(ConfigurationError);
    await expect(outcome).rejects.toThrow(
      'Products.find() is @Cacheable, but this instance was not made by Nest, so it has no cache.',
    );
  });

  it('rejects when it was taken off its instance', async () => {
    const products = (await start([Products], { caches: { catalog: {} } })).get(Products);
    const { find } = products;
    await expect(find(1)).rejects.toBeInstanceOf(ConfigurationError);
    await expect(find(1)).rejects.toThrow('find() is @Cacheable, but it was called without');
  });

  it.each([
    ['a template that names no parameter', { key: 'product:{nope}' }],
    ['a tag that names no parameter', { tags: ['product:{nope}'] }],
  ])('is found when the class is decorated: %s', (_, options) => {
    const decorate = () => {
      class Broken {
        @Cacheable(options)
        async find(id: number): Promise<number> {
          return id;
        }
      }
      return Broken;
    };
    expect(decorate).toThrow(CacheKeyError);
    expect(decorate).toThrow('names {nope}, but its parameters are (id)');
  });
});

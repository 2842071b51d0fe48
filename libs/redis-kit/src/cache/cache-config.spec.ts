import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Scope, SetMetadata } from '@nestjs/common';
import {
  Cacheable,
  CacheConfig,
  CacheEvict,
  CacheKeyError,
  CachePut,
  CacheService,
  getCacheToken,
} from '../index.js';
import { withMemoryCaches } from '../../../../test/support/application.js';

describe('@CacheConfig', () => {
  @CacheConfig({ cache: 'catalog', keyPrefix: 'base/', tags: ['all'] })
  @Injectable()
  class Base {
    runs = 0;

    @Cacheable({ key: '{id}' })
    async find(id: string): Promise<string> {
      return `${id}${++this.runs}`;
    }

    @CachePut({ key: '{id}', tags: ['own'] })
    async put(id: string): Promise<string> {
      return `put ${id}`;
    }

    @CacheEvict({ key: '{0}' })
    async evict(_id: string): Promise<void> {}

    @Cacheable({ cache: 'default', key: '{id}' })
    async elsewhere(id: string): Promise<string> {
      return id;
    }
  }

  @CacheConfig({ keyPrefix: 'derived/' })
  @Injectable()
  class Derived extends Base {}

  @Injectable()
  class Plain extends Base {}

  it('gives the methods of a class their cache, prefix and tags', async () => {
    await withMemoryCaches([Base], async (app) => {
      const base = app.get(Base);
      const catalog = app.get<CacheService>(getCacheToken('catalog'));
      expect(await base.find('x')).toBe('x1');
      expect(await catalog.get('base/x')).toBe('x1');
      await base.evict('x');
      expect(await base.find('x')).toBe('x2');
      await catalog.invalidateTags('all');
      expect(await base.find('x')).toBe('x3');
      await base.put('x');
      expect(await base.find('x')).toBe('put x');
      await catalog.invalidateTags('own');
      expect(await base.find('x')).toBe('x4');
      await base.elsewhere('y');
      expect(await app.get(CacheService).get('base/y')).toBe('y');
    });
  });

  it('is inherited, and replaced member by member', async () => {
    await withMemoryCaches([Derived, Plain], async (app) => {
      const catalog = app.get<CacheService>(getCacheToken('catalog'));
      await app.get(Derived).find('x');
      await app.get(Plain).find('x');
      expect(await catalog.get('derived/x')).toBe('x1');
      expect(await catalog.get('base/x')).toBe('x1');
      await catalog.invalidateTags('all');
      expect((await catalog.lookup('derived/x')).hit).toBe(false);
    });
  });

  it('refuses a wrong duration and a wrong tag when the class is loaded', () => {
    expect(() => CacheConfig({ ttl: -1 })(class {})).toThrow(RangeError);
    expect(() => CacheConfig({ tags: [''] })(class {})).toThrow(CacheKeyError);
  });
});

describe('a decorated method', () => {
  it('keeps its name, its length and what other decorators left, on either side', async () => {
    class Marked {
      @SetMetadata('outer', 1)
      @CachePut({ key: '{0}' })
      @SetMetadata('inner', 2)
      async save(id: string, _more: number): Promise<string> {
        return id;
      }
    }
    const { save } = Marked.prototype;
    expect([save.name, save.length]).toEqual(['save', 2]);
    expect(Reflect.getMetadata('outer', save)).toBe(1);
    expect(Reflect.getMetadata('inner', save)).toBe(2);
  });

  it.each([Scope.DEFAULT, Scope.REQUEST, Scope.TRANSIENT])('works in scope %s', async (scope) => {
    let made = 0;
    @Injectable({ scope })
    class Scoped {
      constructor() {
        made++;
      }

      @CachePut({ key: 'scoped' })
      async save(value: string): Promise<string> {
        return value;
      }

      @CacheEvict({ key: 'scoped' })
      async remove(): Promise<void> {}
    }
    await withMemoryCaches([Scoped], async (app) => {
      const cache = app.get(CacheService);
      await (await app.resolve(Scoped)).save('kept');
      expect(await cache.get('scoped')).toBe('kept');
      await (await app.resolve(Scoped)).remove();
      expect((await cache.lookup('scoped')).hit).toBe(false);
      expect(made).toBeGreaterThan(0);
    });
  });

  it('may be the handler of a controller', async () => {
    @Controller('things')
    class Things {
      @Get()
      @Cacheable({ key: 'all' })
      async all(): Promise<string[]> {
        return ['thing'];
      }
    }
    await withMemoryCaches([Things], async (app) => {
      expect(await app.get(Things).all()).toEqual(['thing']);
      expect(Reflect.getMetadata('path', Things.prototype.all)).toBe('/');
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Cacheable, CacheConfig, CacheEvict, CacheService } from '../index.js';
import { withMemoryCaches } from '../../../../test/support/application.js';

@CacheConfig({ staleWhileRevalidate: '1h' })
@Injectable()
class Orders {
  reads = 0;

  @Cacheable({ key: 'order:{0}', resultTags: ({ customer }: { customer: string }) => [customer] })
  async find(_id: string): Promise<{ customer: string }> {
    this.reads++;
    return { customer: 'ann' };
  }

  @CacheEvict({ resultTags: (customer: string) => [customer] })
  async pay(_id: string): Promise<string> {
    return 'ann';
  }

  @Cacheable({ key: 'steady' })
  async steady(): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: 'brief', staleWhileRevalidate: 0 })
  async brief(): Promise<number> {
    return ++this.reads;
  }
}

describe('decorated methods', () => {
  it('take tags of the result: for what is stored, once they are known, and for what is evicted', async () => {
    await withMemoryCaches([Orders], async (app) => {
      const orders = app.get(Orders);
      // Nothing is known of the tag before the first run, so its value is not stored.
      for (const reads of [1, 2, 2]) {
        expect(await orders.find('1')).toEqual({ customer: 'ann' });
        expect(orders.reads).toBe(reads);
      }
      await orders.pay('1');
      await orders.find('1');
      expect(orders.reads).toBe(3);
    });
  });

  it('hand the freshness of the method, else that of its class, on to the cache', async () => {
    await withMemoryCaches([Orders], async (app) => {
      const [orders, cache] = [app.get(Orders), app.get(CacheService)];
      expect([await orders.steady(), await orders.brief()]).toEqual([1, 2]);
      await cache.expire('steady');
      await cache.expire('brief');
      // Stale, and served while it is made anew; the other one may not be.
      expect([await orders.steady(), await orders.brief()]).toEqual([1, 4]);
    });
  });
});

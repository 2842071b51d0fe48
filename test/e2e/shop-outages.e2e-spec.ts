import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, RedisServer } from 'nestjs-redis-kit/testing';
import { GuardedDirectory } from '../../libs/redis-kit/src/testing/rig/guarded-directory.js';
import type { Changed, Health, Page, Problem, Product } from './support/shop-api.js';
import { ShopProcess } from './support/shop-process.js';

const TOKEN = 'the-token-of-the-test';

describe('the shop in trouble', () => {
  let redis: RedisServer;
  let directory: GuardedDirectory;
  let dataDirectory: string;
  let shop: ShopProcess;

  const environment = (more: Record<string, string> = {}): Record<string, string> => ({
    REDIS_URL: redis.url,
    SHOP_DATA_DIR: dataDirectory,
    SHOP_ADMIN_TOKEN: TOKEN,
    ...more,
  });
  const start = (more: Record<string, string> = {}): Promise<ShopProcess> =>
    ShopProcess.spawn(directory, { environment: environment(more) });
  const cacheOutcome = (response: Response): string | null => response.headers.get('x-shop-cache');

  beforeAll(async () => {
    directory = new GuardedDirectory('shop-outages');
    dataDirectory = join(directory.path, 'pg');
    redis = await RedisServer.start();
    shop = await start();
    await shop.url();
  });

  afterAll(async () => {
    await shop?.stop();
    await redis?.stop();
    await directory?.remove();
  });

  it('refuses a second owner of its data, and says who the first one is', async () => {
    const second = await start();
    expect(await second.ended()).toEqual({ code: 1, signal: null });
    expect(second.output).toContain(`in use by process ${shop.pid}`);
    expect(second.output).toContain('SHOP_PG_SOCKET_PORT');
    expect((await shop.get('/api/products/22423')).status).toBe(200);
  });

  it('refuses settings that it cannot use, before it opens anything', async () => {
    const wrong = await start({ PORT: 'http', SHOP_WITHOUT_REDIS: 'fine' });
    expect(await wrong.ended()).toEqual({ code: 1, signal: null });
    expect(wrong.output).toContain('PORT must be a port number');
    expect(wrong.output).toContain('SHOP_WITHOUT_REDIS must be not-ready or degraded');
    const astray = await start({
      REDIS_URL: 'http://localhost',
      DATABASE_URL: 'postgres://127.0.0.1:1/x',
    });
    expect(await astray.ended()).toEqual({ code: 1, signal: null });
    expect(astray.output).toContain('REDIS_URL');
  });

  describe('without Redis', () => {
    beforeAll(() => redis.kill());
    afterAll(() => redis.restart());

    it('answers from the database', async () => {
      const response = await shop.get('/api/products/22423');
      expect(response.status).toBe(200);
      expect(cacheOutcome(response)).toBe('bypass');
      const page = await shop.get('/?search=lant');
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('cache away');
    });

    it('is alive and not ready, and says why', async () => {
      expect((await shop.get('/health/live')).status).toBe(200);
      const response = await shop.get('/health/ready');
      expect(response.status).toBe(503);
      const { details } = (await response.json()) as Health;
      expect(details['redis']?.status).toBe('down');
      expect(details['database']?.status).toBe('up');
    });

    it('still takes a change, and says that a cached copy could not be cleared', async () => {
      const response = await shop.patch('/api/admin/products/22423', { stock: 7 }, TOKEN);
      expect(response.status).toBe(200);
      expect(((await response.json()) as Changed).freshness).toBe('until-redis-is-back');
      expect(await shop.json<Product>('/api/products/22423')).toMatchObject({ stock: 7 });
    });
  });

  it('recovers by itself when Redis is back', async () => {
    await eventually(async () => (await shop.get('/health/ready')).status === 200, {
      within: 15_000,
    });
    await eventually(async () => cacheOutcome(await shop.get('/api/products/22423')) === 'hit', {
      within: 15_000,
    });
  });

  describe('started again, serving its database', () => {
    let other: ShopProcess;

    beforeAll(async () => {
      await shop.stop();
      expect(existsSync(`${dataDirectory}.lock`)).toBe(false);
      shop = await start({ SHOP_PG_SOCKET_PORT: '0' });
      other = await start({ DATABASE_URL: await shop.databaseUrl() });
      await Promise.all([shop.url(), other.url()]);
    });
    afterAll(() => other?.stop());

    it('has kept what was changed', async () => {
      expect(await shop.json<Product>('/api/products/22423')).toMatchObject({ stock: 7 });
    });

    it('shares catalogue and cache with another process', async () => {
      const list = '/api/products?search=22423';
      await other.get('/api/products/22423');
      await other.get(list);
      const response = await shop.patch('/api/admin/products/22423', { stock: 11 }, TOKEN);
      expect(response.status).toBe(200);
      expect(await other.json<Product>('/api/products/22423')).toMatchObject({ stock: 11 });
      expect((await other.json<Page>(list)).items).toMatchObject([{ id: '22423', stock: 11 }]);
    });

    it('mixes nothing up when both use the database at the same time', async () => {
      const { items } = await shop.json<Page>('/api/products?category=bags&pageSize=24');
      const answers = await Promise.all(
        items.map(async ({ id }, index) => {
          const [one, two] = index % 2 === 0 ? [shop, other] : [other, shop];
          const [changed, read, list] = await Promise.all([
            one.patch(`/api/admin/products/${id}`, { stock: 500 + index }, TOKEN),
            two.json<Product>(`/api/products/${items[(index + 7) % items.length]!.id}`),
            two.json<Page>(`/api/products?search=bag&page=${index + 1}&pageSize=3`),
          ]);
          const { product } = (await changed.json()) as Changed;
          return (
            changed.status === 200 &&
            product.id === id &&
            read.id === items[(index + 7) % items.length]!.id &&
            list.page === index + 1
          );
        }),
      );
      expect(answers).not.toContain(false);
      const stocks = await Promise.all(
        items.map(async ({ id }) => (await other.json<Product>(`/api/products/${id}`)).stock),
      );
      expect(stocks).toEqual(items.map((_, index) => 500 + index));
    });

    it('has its admin API off in production until there is a token', async () => {
      const production = await start({
        NODE_ENV: 'production',
        SHOP_SESSION_SECRET: 'a secret of this test that is long enough',
        SHOP_ADMIN_TOKEN: '',
        DATABASE_URL: await shop.databaseUrl(),
      });
      const response = await production.patch('/api/admin/products/22423', { stock: 1 }, TOKEN);
      expect(response.status).toBe(503);
      expect(((await response.json()) as Problem).detail).toContain('The admin API is off');
      await production.stop();
    });

    it('reports the other one not ready when it is gone, and takes over the data it left', async () => {
      await shop.kill();
      const response = await other.get('/health/ready');
      expect(response.status).toBe(503);
      expect(((await response.json()) as Health).details['database']?.status).toBe('down');
      const unread = await other.get('/api/products/21754');
      expect(unread.status).toBe(503);
      expect(unread.headers.get('retry-after')).toBe('5');
      expect((await other.get('/api/products/22423')).status).toBe(200);

      expect(existsSync(`${dataDirectory}.lock`)).toBe(true);
      shop = await start();
      expect(await shop.json<Product>('/api/products/22423')).toMatchObject({ stock: 11 });
    });
  });
});

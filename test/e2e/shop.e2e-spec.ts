import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keysWithoutExpiry, RedisServer } from 'nestjs-redis-kit/testing';
import { GuardedDirectory } from '../../libs/redis-kit/src/testing/rig/guarded-directory.js';
import type { Changed, Page, Problem, Product } from './support/shop-api.js';
import { ShopProcess } from './support/shop-process.js';

const TOKEN = 'the-token-of-the-test';

describe('the shop', () => {
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
    directory = new GuardedDirectory('shop');
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

  describe('lists products', () => {
    it('all of them, page by page', async () => {
      const first = await shop.json<Page>('/api/products?pageSize=100');
      expect(first).toMatchObject({ total: 3891, page: 1, pageSize: 100 });
      expect(first.items).toHaveLength(100);
      const last = await shop.json<Page>('/api/products?pageSize=100&page=39');
      expect(last.items).toHaveLength(91);
      const beyond = await shop.json<Page>('/api/products?pageSize=100&page=40');
      expect(beyond).toMatchObject({ items: [], total: 3891 });
    });

    it('each on one page only', async () => {
      const pages = await Promise.all(
        [1, 2, 3, 4].map((page) =>
          shop.json<Page>(`/api/products?category=garden&sort=price-asc&pageSize=30&page=${page}`),
        ),
      );
      const ids = pages.flatMap(({ items }) => items.map(({ id }) => id));
      expect(ids).toHaveLength(pages[0]!.total);
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('found by the beginning of a word', async () => {
      const { items, total } = await shop.json<Page>('/api/products?search=lant&pageSize=100');
      expect(total).toBeGreaterThan(10);
      expect(items.every(({ title }) => /\blant/i.test(title))).toBe(true);
    });

    it('found by another form of a word, in any order and with any punctuation', async () => {
      const { items } = await shop.json<Page>(
        '/api/products?search=HOLDERS%2C%20t-lights%20(hearts)',
      );
      expect(items.length).toBeGreaterThan(0);
      expect(items.every(({ title }) => /heart/i.test(title) && /holder/i.test(title))).toBe(true);
    });

    it('found by each of two words joined by a slash', async () => {
      const { items } = await shop.json<Page>('/api/products?search=white%20polkadot%20umbrella');
      expect(items.map(({ title }) => title)).toContain('Folding Umbrella Red/White Polkadot');
    });

    it('found by their stock code', async () => {
      const { items } = await shop.json<Page>('/api/products?search=85123a');
      expect(items.map(({ id }) => id)).toContain('85123A');
    });

    it.each(["'; drop table products; --", '& | ! :* <->', '%00', '"quoted'])(
      'and none for the search %s that means nothing to it, or all',
      async (search) => {
        const response = await shop.get(`/api/products?search=${encodeURIComponent(search)}`);
        expect(response.status).toBe(200);
      },
    );

    it.each([
      ['price-asc', (a: Product, b: Product) => a.pricePence <= b.pricePence],
      ['price-desc', (a: Product, b: Product) => a.pricePence >= b.pricePence],
      ['name', (a: Product, b: Product) => a.title.localeCompare(b.title, 'en') <= 0],
    ])('sorted by %s', async (sort, isInOrder) => {
      const { items } = await shop.json<Page>(`/api/products?search=red%20mug&sort=${sort}`);
      expect(items.length).toBeGreaterThan(3);
      expect(items.every((item, index) => index === 0 || isInOrder(items[index - 1]!, item))).toBe(
        true,
      );
    });

    it('of a category, as many as the category says', async () => {
      const categories = await shop.json<{ slug: string; products: number }[]>('/api/categories');
      expect(categories.reduce((sum, { products }) => sum + products, 0)).toBe(3891);
      const { total, items } = await shop.json<Page>('/api/products?category=lighting');
      expect(total).toBe(categories.find(({ slug }) => slug === 'lighting')?.products);
      expect(items.every(({ category }) => category === 'lighting')).toBe(true);
    });
  });

  describe('refuses', () => {
    it.each([
      ['page=0', 'page', 'page must be a whole number from 1 to 10000'],
      ['page=two', 'page', 'page must be a whole number from 1 to 10000'],
      ['pageSize=101', 'pageSize', 'pageSize must be a whole number from 1 to 100'],
      ['sort=best', 'sort', 'sort must be one of relevance, newest, name, price-asc, price-desc'],
      ['category=hats', 'category', 'category must be one of christmas, '],
      ['search=a&search=b', 'search', 'search must be one text of at most 100 characters'],
      ['colour=red', 'colour', 'colour is not known here'],
    ])('%s, and says what it would accept', async (query, field, message) => {
      const response = await shop.get(`/api/products?${query}`);
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      const { errors = [] } = (await response.json()) as Problem;
      expect(errors).toContainEqual({ field, message: expect.stringContaining(message) });
    });

    it.each(['/api/products/99999', '/api/products/no-such-thing', '/api/nothing'])(
      '%s as unknown',
      async (path) => {
        const response = await shop.get(path);
        expect(response.status).toBe(404);
        expect(await response.json()).toMatchObject({ status: 404, instance: path });
      },
    );

    it('a page number that is none with a page that says so, and not what other sites append', async () => {
      const wrong = await shop.get('/?page=zero', { accept: 'text/html' });
      expect(wrong.status).toBe(400);
      expect(await wrong.text()).toContain('page must be a whole number from 1 to 10000');
      expect((await shop.get('/?search=mug&utm_source=letter')).status).toBe(200);
    });

    it('a page that does not exist with a page that helps', async () => {
      const response = await shop.get('/products/99999', { accept: 'text/html' });
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('Back to the shop');
    });
  });

  describe('caches', () => {
    it('a product, and says so', async () => {
      const first = await shop.get('/api/products/22720');
      expect(cacheOutcome(first)).toBe('miss');
      const second = await shop.get('/api/products/22720');
      expect(cacheOutcome(second)).toBe('hit');
      expect(second.headers.get('server-timing')).toMatch(
        /^cache;desc="hit, 1 of 1", catalogue;dur=[\d.]+, total;dur=[\d.]+$/,
      );
      expect(await second.json()).toEqual(await first.json());
    });

    it('a search, however it was typed', async () => {
      expect(cacheOutcome(await shop.get('/api/products?search=Pink%20Parasol'))).toBe('miss');
      expect(cacheOutcome(await shop.get('/api/products?search=%20pink++PARASOL'))).toBe('hit');
    });

    it('no product that does not exist', async () => {
      expect((await shop.get('/api/products/12321')).status).toBe(404);
      expect((await shop.get('/api/products/12321')).headers.get('x-shop-cache')).not.toBe('hit');
      const [, keys] = (await redis.call('SCAN', 0, 'MATCH', '*:12321*', 'COUNT', 10_000)) as [
        string,
        string[],
      ];
      expect(keys).toEqual([]);
    });

    it('nothing without an expiry', async () => {
      expect(Number(await redis.call('DBSIZE'))).toBeGreaterThan(5);
      expect(await keysWithoutExpiry(redis.client(), '*')).toEqual([]);
    });
  });

  describe('lets the admin', () => {
    it('change a price, which everybody sees at once', async () => {
      const list = '/api/products?search=22423';
      for (const path of ['/api/products/22423', list]) {
        await shop.get(path);
        expect(cacheOutcome(await shop.get(path))).toBe('hit');
      }

      const response = await shop.patch('/api/admin/products/22423', { pricePence: 1399 }, TOKEN);
      expect(response.status).toBe(200);
      const { product, freshness } = (await response.json()) as Changed;
      expect(product).toMatchObject({ id: '22423', pricePence: 1399 });
      expect(freshness).toBe('current');

      expect(await shop.json<Product>('/api/products/22423')).toMatchObject({ pricePence: 1399 });
      const { items } = await shop.json<Page>(list);
      expect(items).toMatchObject([{ id: '22423', pricePence: 1399 }]);
      const page = await (await shop.get('/products/22423')).text();
      expect(page).toContain('£13.99');
    });

    it('change the stock alone', async () => {
      await shop.patch('/api/admin/products/22423', { stock: 2 }, TOKEN);
      expect(await shop.json<Product>('/api/products/22423')).toMatchObject({
        pricePence: 1399,
        stock: 2,
      });
    });

    it('set the stock to what was counted, one count after the other', async () => {
      const path = '/api/admin/products/22423/stock';
      const counts = [7, 8, 9].map((stock) => shop.put(path, { stock }, TOKEN));
      const counted = await Promise.all(
        (await Promise.all(counts)).map(async (response) => (await response.json()) as Changed),
      );
      expect(counted.map(({ product }) => product.stock)).toEqual([7, 8, 9]);
      const { stock } = await shop.json<Product>('/api/products/22423');
      expect([7, 8, 9]).toContain(stock);
      expect((await shop.put(path, { stock: -1 }, TOKEN)).status).toBe(400);
      expect((await shop.put(path, { stock: 2 })).status).toBe(401);
      expect((await shop.put('/api/admin/products/99999/stock', { stock: 2 }, TOKEN)).status).toBe(
        404,
      );
      expect((await shop.put(path, { stock: 2 }, TOKEN)).status).toBe(200);
    });

    it.each([
      [{}, 'pricePence'],
      [{ pricePence: 0 }, 'pricePence'],
      [{ pricePence: 12.5 }, 'pricePence'],
      [{ pricePence: '1200' }, 'pricePence'],
      [{ stock: -1 }, 'stock'],
      [{ stock: null }, 'stock'],
      [{ stock: 3, title: 'Mine' }, 'title'],
      ['{"stock":', undefined],
    ])('send no %j', async (change, field) => {
      const response = await shop.patch('/api/admin/products/22423', change, TOKEN);
      expect(response.status).toBe(400);
      const { errors } = (await response.json()) as Problem;
      expect(errors?.[0]?.field).toBe(field);
    });

    it('and nobody else', async () => {
      const path = '/api/admin/products/22423';
      expect((await shop.patch(path, { stock: 9 })).status).toBe(401);
      expect((await shop.patch(path, { stock: 9 }, 'not-the-token-at-all')).status).toBe(403);
      expect((await shop.patch('/api/admin/products/99999', { stock: 9 }, TOKEN)).status).toBe(404);
      expect(await shop.json<Product>('/api/products/22423')).toMatchObject({ stock: 2 });
    });
  });

  it('describes its API', async () => {
    const { paths } = await shop.json<{ paths: object }>('/api/docs-json');
    expect(Object.keys(paths).sort()).toEqual([
      '/api/admin/products/{id}',
      '/api/admin/products/{id}/stock',
      '/api/categories',
      '/api/products',
      '/api/products/{id}',
      '/health/live',
      '/health/ready',
    ]);
    expect((await shop.get('/api/docs')).status).toBe(200);
  });
});

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisServer } from 'nestjs-redis-kit/testing';
import { GuardedDirectory } from '../../libs/redis-kit/src/testing/rig/guarded-directory.js';
import { ShopProcess } from './support/shop-process.js';

const TOKEN = 'the-token-of-the-test';
const SEARCHES = 120;
const CHANGES = 30;

describe('the shop limits', () => {
  let redis: RedisServer;
  let directory: GuardedDirectory;
  let shop: ShopProcess;

  beforeAll(async () => {
    directory = new GuardedDirectory('shop-limits');
    redis = await RedisServer.start();
    shop = await ShopProcess.spawn(directory, {
      environment: {
        REDIS_URL: redis.url,
        SHOP_DATA_DIR: join(directory.path, 'pg'),
        SHOP_ADMIN_TOKEN: TOKEN,
      },
    });
    await shop.url();
  });

  afterAll(async () => {
    await shop?.stop();
    await redis?.stop();
    await directory?.remove();
  });

  it('changes by the admin, tokens that are tried included', async () => {
    const change = (token: string) => shop.patch('/api/admin/products/22423', { stock: 5 }, token);
    const first = await change(TOKEN);
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-policy')).toBe(`"admin";q=${CHANGES};w=60`);
    expect(first.headers.get('ratelimit')).toMatch(/^"admin";r=29;t=\d+$/);
    for (let tried = 1; tried < CHANGES; tried++) {
      expect([403, 429]).toContain((await change('not-the-token-at-all')).status);
    }
    const denied = await change(TOKEN);
    expect(denied.status).toBe(429);
    expect(Number(denied.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(denied.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await denied.json()).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      status: 429,
      'violated-policies': ['admin'],
      instance: '/api/admin/products/22423',
    });
  });

  it('searches, on the page and in the API together, and nothing else', async () => {
    const search = '/api/products?search=mug&pageSize=1';
    const first = await shop.get(search);
    expect(first.headers.get('ratelimit-policy')).toBe(`"search";q=${SEARCHES};w=60`);
    const flood = async (path: string, accept: string): Promise<Response> => {
      // The bucket fills while it is being emptied: so many more may pass on a slow machine.
      for (let asked = 0; asked < 20 * SEARCHES; asked++) {
        const response = await shop.get(path, { accept });
        if (response.status !== 200) return response;
        await response.arrayBuffer();
      }
      throw new Error('No search was denied');
    };
    const denied = await flood(search, 'application/json');
    expect(denied.status).toBe(429);
    expect(await denied.json()).toMatchObject({ 'violated-policies': ['search'] });
    const page = await flood('/?search=mug', 'text/html');
    expect(page.status).toBe(429);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await page.text()).toMatch(/Try again in \d+ s/);

    expect((await shop.get('/api/products?pageSize=1')).status).toBe(200);
    expect((await shop.get('/', { accept: 'text/html' })).status).toBe(200);
  });
});

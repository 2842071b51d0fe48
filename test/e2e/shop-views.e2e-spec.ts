import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, RedisServer } from 'nestjs-redis-kit/testing';
import { GuardedDirectory } from '../../libs/redis-kit/src/testing/rig/guarded-directory.js';
import { ShopProcess } from './support/shop-process.js';

const TOKEN = 'the-token-of-the-test';
const AS_ADMIN = { authorization: `Bearer ${TOKEN}` };
const MUG = '21731';
const CAKESTAND = '22423';

interface Visits {
  productViews: { start: string; count: number }[];
  routes: { method: string; route: string; requests: number }[];
}

describe('what is looked at in the shop', () => {
  let redis: RedisServer;
  let directory: GuardedDirectory;
  let shop: ShopProcess;
  let other: ShopProcess;

  beforeAll(async () => {
    directory = new GuardedDirectory('shop-views');
    redis = await RedisServer.start();
    const environment = { REDIS_URL: redis.url, SHOP_ADMIN_TOKEN: TOKEN };
    shop = await ShopProcess.spawn(directory, {
      environment: {
        ...environment,
        SHOP_DATA_DIR: join(directory.path, 'pg'),
        SHOP_PG_SOCKET_PORT: '0',
      },
    });
    await shop.url();
    other = await ShopProcess.spawn(directory, {
      environment: { ...environment, DATABASE_URL: await shop.databaseUrl() },
    });
    await other.url();
  });

  afterAll(async () => {
    await other?.stop();
    await shop?.stop();
    await redis?.stop();
    await directory?.remove();
  });

  const home = async (at: ShopProcess): Promise<string> => (await at.get('/')).text();
  const visits = async (): Promise<Visits> => {
    const response = await shop.get('/api/admin/visits', AS_ADMIN);
    expect(response.status).toBe(200);
    return (await response.json()) as Visits;
  };

  it('is on no page before anything was', async () => {
    expect(await home(shop)).not.toContain('Most viewed today');
  });

  it('is on the home page of every process, the most viewed first', async () => {
    for (const [at, id] of [
      [shop, MUG],
      [other, CAKESTAND],
      [shop, CAKESTAND],
    ] as const) {
      expect((await at.get(`/products/${id}`)).status).toBe(200);
    }
    for (const at of [shop, other]) {
      await eventually(async () => {
        const html = await home(at);
        const section = /Most viewed today([^]*?)<\/section>/.exec(html)?.[1] ?? '';
        const ids = [...section.matchAll(/\/products\/(\w+)"/g)].map(([, id]) => id);
        return [...new Set(ids)].join() === [CAKESTAND, MUG].join();
      });
    }
  });

  it('is counted for the admin, by day and by route', async () => {
    await eventually(async () => (await visits()).productViews.at(-1)?.count === 3);
    const { productViews, routes } = await visits();
    expect(productViews).toHaveLength(7);
    expect(routes).toContainEqual({ method: 'GET', route: '/products/:id', requests: 3 });
    const response = await shop.get('/api/admin/visits');
    expect(response.status).toBe(401);
  });

  it('is not missed while Redis is away', async () => {
    await redis.kill();
    expect((await shop.get(`/products/${MUG}`)).status).toBe(200);
    const page = await shop.get('/');
    expect(page.status).toBe(200);
    expect(await page.text()).not.toContain('Most viewed today');
    const response = await shop.get('/api/admin/visits', AS_ADMIN);
    expect(response.status).toBe(503);
  });
});

import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { getCacheToken, LockService } from 'nestjs-redis-kit';
import { isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { CatalogService } from '../../apps/shop/src/catalog/catalog.service.js';
import { ProductRepository } from '../../apps/shop/src/catalog/product.repository.js';
import { products } from '../../apps/shop/src/catalog/products.table.js';
import type { ShopDatabase } from '../../apps/shop/src/database/shop-database.js';
import { startApplication } from '../support/application.js';

const migrationsFolder = fileURLToPath(new URL('../../apps/shop/drizzle', import.meta.url));
const ID = '22423';

let server: RedisServer;
let pglite: PGlite;
let database: ShopDatabase;
let repository: ProductRepository;
const apps: INestApplicationContext[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
  pglite = await PGlite.create();
  database = drizzle(pglite);
  await migrate(drizzle(pglite), { migrationsFolder });
  repository = new ProductRepository(database);
  const options = {
    url: server.url,
    namespace: isolatedNamespace(),
    caches: { catalog: { ttl: '5m' } },
  } as const;
  apps.push(await startApplication(options), await startApplication(options));
});

afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await pglite.close();
  await server.stop();
});

beforeEach(async () => {
  await database.delete(products);
  await database.insert(products).values({
    id: ID,
    title: 'Regency Cakestand 3 Tier',
    category: 'kitchen',
    pricePence: 1_275,
    stock: 48,
    introduced: 1,
  });
});

const catalogOf = (app: INestApplicationContext) =>
  new CatalogService(repository, app.get(getCacheToken('catalog')), app.get(LockService));

async function row() {
  const [found] = await database.select().from(products).where(eq(products.id, ID));
  return found!;
}

describe('the stock table of the shop', () => {
  it('refuses a writer whose lease ran out when its successor has written', async () => {
    const [one, two] = apps.map((app) => app.get(LockService));
    // As a process that was stopped: it neither renews nor notices.
    const late = await one!.acquire(`stock:${ID}`, { lease: 200, renew: false });
    await two!.withLock(`stock:${ID}`, async (lock) => {
      expect(await repository.setCountedStock(ID, 7, lock)).toMatchObject({ stock: 7 });
    });
    expect(await repository.setCountedStock(ID, 9, late)).toBeUndefined();
    expect(await row()).toMatchObject({ stock: 7 });
    expect((await row()).stockFence).toBeGreaterThan(late.fence);
  });

  it('lets a holder write as often as it likes, and whoever comes first', async () => {
    await apps[0]!.get(LockService).withLock(`stock:${ID}`, async (lock) => {
      expect((await row()).stockFence).toBeNull();
      for (const stock of [3, 2, 1]) {
        expect(await repository.setCountedStock(ID, stock, lock)).toMatchObject({ stock });
      }
      expect((await row()).stockFence).toBe(lock.fence);
    });
  });

  it('ends with the last count, however many processes count at once', async () => {
    const catalogs = apps.map(catalogOf);
    const counts = Array.from({ length: 20 }, (_, i) =>
      catalogs[i % 2]!.countStock(ID, i).then(({ product }) => product.stock),
    );
    expect((await Promise.all(counts)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
    const { stock } = await row();
    // What visitors see is what the last one wrote.
    expect((await catalogs[0]!.product(ID)).stock).toBe(stock);
  });

  it('tells a count that came too late, of no product, or without Redis apart', async () => {
    const catalog = catalogOf(apps[0]!);
    await expect(catalog.countStock('none', 1)).rejects.toMatchObject({ status: 404 });
    await database.update(products).set({ stockFence: 2 ** 53 - 1 });
    await expect(catalog.countStock(ID, 1)).rejects.toMatchObject({ status: 409 });
    expect(await row()).toMatchObject({ stock: 48 });
    await server.kill();
    await expect(catalog.countStock(ID, 1)).rejects.toMatchObject({ status: 503 });
    expect(await row()).toMatchObject({ stock: 48 });
  });
});

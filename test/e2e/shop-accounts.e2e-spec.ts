import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, RedisServer } from 'nestjs-redis-kit/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { GuardedDirectory } from '../../libs/redis-kit/src/testing/rig/guarded-directory.js';
import { chromiumPath } from './support/chromium.js';
import { ShopProcess } from './support/shop-process.js';

const PASSWORD = 'lanterns & mugs';
const MUG = '22423';

const executablePath = chromiumPath();

describe('accounts of the shop', () => {
  let directory: GuardedDirectory;
  let redis: RedisServer;
  let shop: ShopProcess;

  beforeAll(async () => {
    directory = new GuardedDirectory('shop-accounts');
    redis = await RedisServer.start();
    shop = await ShopProcess.spawn(directory, {
      environment: { REDIS_URL: redis.url, SHOP_DATA_DIR: join(directory.path, 'pg') },
    });
    await shop.url();
  });

  afterAll(async () => {
    await shop?.stop();
    await redis?.stop();
    await directory?.remove();
  });

  const post = async (path: string, fields: Record<string, string>, cookie = '') =>
    fetch(`${await shop.url()}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { cookie },
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
    });
  const cookieOf = (response: Response): string =>
    response.headers.getSetCookie().at(-1)!.split(';')[0]!;

  it('limits wrong passwords, and does not count right ones', async () => {
    const email = 'limited@example.org';
    expect((await post('/account/register', { email, password: PASSWORD })).status).toBe(303);
    expect((await post('/account/register', { email, password: PASSWORD })).status).toBe(409);
    const login = async (password: string) =>
      (await post('/account/login', { email, password })).status;
    for (let right = 0; right < 7; right++) expect(await login(PASSWORD)).toBe(303);
    for (let wrong = 0; wrong < 5; wrong++) expect(await login('not the password')).toBe(401);
    const denied = await post('/account/login', { email, password: PASSWORD });
    expect(denied.status).toBe(429);
    expect(Number(denied.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await denied.text()).toContain('Try again in');
  });

  it('lets five of many wrong passwords through that come at once', async () => {
    const email = 'parallel@example.org';
    expect((await post('/account/register', { email, password: PASSWORD })).status).toBe(303);
    const wrong = { email, password: 'not the password' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('/account/login', wrong)),
    );
    const having = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
    expect([having(401), having(429)]).toEqual([5, 15]);
  });

  it('merges the basket of a guest once, and keeps it for the customer', async () => {
    const email = 'basket@example.org';
    const guest = cookieOf(await post('/cart', { id: MUG }));
    await post('/cart', { id: MUG }, guest);
    const credentials = { email, password: PASSWORD };
    const customer = cookieOf(await post('/account/register', credentials, guest));
    const again = cookieOf(await post('/account/login', credentials, guest));
    const quantityFor = async (cookie: string) =>
      /cart-quantity">(\d+)</.exec(await (await shop.get('/cart', { cookie })).text())?.[1];
    expect(await quantityFor(customer)).toBe('2');
    expect(await quantityFor(again)).toBe('2');
    await post('/account/logout', {}, customer);
    expect(await quantityFor(customer)).toBeUndefined();
    const later = cookieOf(await post('/account/login', credentials));
    expect(await quantityFor(later)).toBe('2');
  });

  it('looks around without a cookie when Redis is away, and is told 503 with one', async () => {
    const cookie = cookieOf(await post('/cart', { id: MUG }));
    redis.pause();
    try {
      expect((await shop.get('/products/22423')).status).toBe(200);
      const response = await shop.get('/cart', { cookie });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    } finally {
      redis.resume();
    }
    await eventually(async () => {
      expect((await shop.get('/cart', { cookie })).status).toBe(200);
    });
  });

  if (executablePath === undefined) {
    it('two browsers are not tested here: there is no Chromium', () => {
      const message = 'There is no Chromium here: install it, or set CHROMIUM_PATH.';
      if (process.env['CI']) throw new Error(message);
      console.warn(`${message}\nTHE TEST OF ACCOUNTS IN TWO BROWSERS WAS NOT RUN.`);
      expect(executablePath).toBeUndefined();
    });
  } else {
    it('in two browsers: one logs the other out', async () => {
      let browser: Browser | undefined;
      try {
        browser = await chromium.launch({
          executablePath,
          args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
        });
        const profile = async (): Promise<Page> => {
          const context = await browser!.newContext({ baseURL: await shop.url() });
          const page = await context.newPage();
          page.setDefaultTimeout(20_000);
          return page;
        };
        const [laptop, phone] = [await profile(), await profile()];
        const enter = async (page: Page, form: 'login' | 'register', button: string) => {
          await page.goto(`/account/${form}`);
          await page.getByLabel('E-mail address').fill('two@example.org');
          await page.getByLabel('Password').fill(PASSWORD);
          await page.getByRole('button', { name: button }).click();
          await page.getByRole('heading', { name: 'Your devices' }).waitFor();
        };
        await laptop.goto('/products/22423');
        await laptop.getByRole('button', { name: 'Add to basket' }).click();
        await laptop.getByRole('heading', { name: 'Your basket' }).waitFor();
        await enter(laptop, 'register', 'Create an account');
        await enter(phone, 'login', 'Log in');
        expect(await phone.locator('.device').count()).toBe(2);
        await phone.goto('/cart');
        expect(await phone.locator('.cart-quantity').textContent()).toBe('1');

        await laptop.goto('/account');
        await laptop.getByRole('button', { name: /^Log out (?!all|everywhere)./ }).click();
        await eventually(async () => expect(await laptop.locator('.device').count()).toBe(1));
        await phone.goto('/account');
        await phone.getByRole('heading', { name: 'Log in' }).waitFor();
        await phone.goto('/cart');
        expect(await phone.locator('.cart-quantity').count()).toBe(0);

        await enter(phone, 'login', 'Log in');
        await phone.getByRole('button', { name: 'Log out all others' }).click();
        await eventually(async () => expect(await phone.locator('.device').count()).toBe(1));
        await laptop.goto('/account');
        await laptop.getByRole('heading', { name: 'Log in' }).waitFor();
        await phone.goto('/account');
        await phone.getByRole('button', { name: 'Log out everywhere' }).click();
        await phone.getByRole('heading', { name: 'Log in' }).waitFor();
      } finally {
        await browser?.close();
      }
    });
  }

  // The last one: from this address nobody can register after it.
  it('limits registrations, which tell who has an account', async () => {
    const credentials = { email: 'taken@example.org', password: PASSWORD };
    await Promise.all(Array.from({ length: 20 }, () => post('/account/register', credentials)));
    const denied = await post('/account/register', credentials);
    expect(denied.status).toBe(429);
    expect(Number(denied.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await denied.text()).toContain('Try again in');
  });
});

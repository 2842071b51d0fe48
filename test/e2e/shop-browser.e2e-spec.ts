import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, RedisServer } from 'nestjs-redis-kit/testing';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { GuardedDirectory } from '../../libs/redis-kit/src/testing/rig/guarded-directory.js';
import { chromiumPath } from './support/chromium.js';
import { ShopProcess } from './support/shop-process.js';

const PICTURES = join(import.meta.dirname, '../../artifacts/shop');
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 320, height: 640 };

const executablePath = chromiumPath();

if (executablePath === undefined) {
  it('the shop in a browser is not tested here: there is no Chromium', () => {
    const message = 'There is no Chromium here: install it, or set CHROMIUM_PATH.';
    if (process.env['CI']) throw new Error(message);
    console.warn(`${message}\nTHE BROWSER TESTS OF THE SHOP WERE NOT RUN.`);
    expect(executablePath).toBeUndefined();
  });
} else {
  describe('the shop in a browser', () => {
    let directory: GuardedDirectory;
    let redis: RedisServer;
    let shop: ShopProcess;
    let browser: Browser;
    let page: Page;
    let complaints: string[];

    const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
      const context = await browser.newContext({
        baseURL: await shop.url(),
        viewport: DESKTOP,
        reducedMotion: 'reduce',
        ...options,
      });
      const opened = await context.newPage();
      opened.setDefaultTimeout(10_000);
      opened.on('pageerror', (error) => complaints.push(error.message));
      opened.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning')
          complaints.push(message.text());
      });
      return opened;
    };
    const picture = (name: string): Promise<Buffer> =>
      page.screenshot({ path: join(PICTURES, `${name}.png`) });
    const strip = async (): Promise<string> =>
      ((await page.locator('#request-strip').textContent()) ?? '').replace(/\s+/g, ' ').trim();
    const titles = (): Promise<string[]> => page.locator('.card-title').allTextContents();
    // Code for the browser is text here: the types of its objects are not those of Node.
    const focused = (): Promise<string> => page.evaluate('document.activeElement?.id');
    const overflow = (): Promise<number> =>
      page.evaluate('document.documentElement.scrollWidth - window.innerWidth');

    beforeAll(async () => {
      mkdirSync(PICTURES, { recursive: true });
      directory = new GuardedDirectory('shop-browser');
      redis = await RedisServer.start();
      shop = await ShopProcess.spawn(directory, {
        environment: { REDIS_URL: redis.url, SHOP_DATA_DIR: join(directory.path, 'pg') },
      });
      browser = await chromium.launch({
        executablePath,
        args: [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
      });
      await shop.url();
    });
    afterAll(async () => {
      await browser?.close();
      await shop?.stop();
      await redis?.stop();
      await directory?.remove();
    });

    beforeEach(() => {
      complaints = [];
    });
    afterEach(async () => {
      await page.context().close();
      expect(complaints).toEqual([]);
    });

    it('shows its products', async () => {
      page = await open();
      await page.goto('/');
      expect(await page.title()).toContain('Tansy & Finch');
      expect(await page.locator('.card').count()).toBe(24);
      expect(await page.locator('.card svg').count()).toBe(24);
      expect(await page.locator('.count').textContent()).toContain('1–24 of 3,891 products');
      await picture('home');
    });

    it('finds products while one types, and keeps the cursor where it is', async () => {
      page = await open();
      await page.goto('/');
      await page.locator('#search').pressSequentially('lant', { delay: 20 });
      await eventually(async () => (await titles()).every((title) => /\blant/i.test(title)), {
        within: 10_000,
      });
      expect(await page.locator('#search').inputValue()).toBe('lant');
      expect(await focused()).toBe('search');
      expect(page.url()).toContain('search=lant');
      expect(await strip()).toMatch(
        /^cache (hit|miss) · \d of 3 · catalogue [\d.]+ ms · page [\d.]+ ms$/,
      );
      expect(await page.locator('#announcement').textContent()).toBe('1–20 of 20 products');
      await picture('search');
    });

    it('sorts, filters and pages', async () => {
      page = await open();
      await page.goto('/?category=tableware');
      await page.locator('#sort').focus();
      await page.locator('#sort').selectOption('price-desc');
      await page.waitForURL('**/*sort=price-desc*');
      await eventually(async () => {
        const prices = (await page.locator('.card .price').allTextContents()).map((text) =>
          Number(text.replace(/[£p]/g, '')),
        );
        return prices.length === 24 && prices[0]! >= prices[1]! && prices[0]! > 20;
      });
      expect(await focused()).toBe('sort');
      await page.getByRole('link', { name: 'Page 2' }).click();
      expect(await page.locator('.count').textContent()).toContain('25–48 of');
      expect(await page.locator('nav.pages [aria-current]').textContent()).toBe('2');
      await page.getByRole('link', { name: /^Garden & Outdoor/ }).click();
      expect(await page.locator('#results-title').textContent()).toBe('Garden & Outdoor');
    });

    it('opens a product, first from the database and then from the cache', async () => {
      page = await open();
      await page.goto('/?search=regency+cakestand');
      await page.getByRole('link', { name: 'Regency Cakestand 3 Tier' }).click();
      expect(await page.locator('h1').textContent()).toBe('Regency Cakestand 3 Tier');
      expect(await strip()).toMatch(/^cache miss · 0 of 3 · /);
      expect(await page.locator('#request-strip').getAttribute('class')).toContain('strip-miss');
      await picture('product-miss');

      await page.reload();
      expect(await strip()).toMatch(/^cache hit · 3 of 3 · /);
      expect(await page.locator('#request-strip').getAttribute('class')).toContain('strip-hit');
      await picture('product-hit');
    });

    it('works without JavaScript', async () => {
      page = await open({ javaScriptEnabled: false });
      await page.goto('/');
      await page.locator('#search').fill('mug');
      await page.getByRole('button', { name: 'Search' }).click();
      await page.locator('#sort').selectOption('price-asc');
      await page.getByRole('button', { name: 'Sort' }).click();
      expect(page.url()).toContain('sort=price-asc');
      expect(await page.locator('#results-title').textContent()).toContain('mug');
      expect((await titles()).length).toBeGreaterThan(10);
    });

    it('can be used with the keyboard alone', async () => {
      page = await open();
      await page.goto('/?search=cakestand');
      await page.keyboard.press('Tab');
      const skip = page.locator('.skip-link');
      expect(await page.evaluate(`document.activeElement.matches('.skip-link')`)).toBe(true);
      await eventually(async () => ((await skip.boundingBox())?.y ?? -1) >= 0);
      await page.keyboard.press('Enter');
      expect(await focused()).toBe('main');
      await page.locator('.card-link').first().focus();
      await page.keyboard.press('Enter');
      await page.waitForURL('**/products/*');
      expect(await page.locator('h1').count()).toBe(1);
    });

    it.each([
      ['home', '/'],
      ['search', '/?search=lant'],
      ['nothing-found', '/?search=unobtainium'],
      ['product', '/products/22423'],
      ['not-found', '/products/99999'],
    ])('fits a small phone: %s', async (name, path) => {
      page = await open({ viewport: PHONE, isMobile: true, hasTouch: true });
      await page.goto(path);
      expect(await overflow()).toBeLessThanOrEqual(0);
      await picture(`phone-${name}`);
      // Chromium reports the status of the page itself as an error.
      if (name === 'not-found') complaints = complaints.filter((text) => !text.includes('404'));
    });

    it('moves nothing while it loads', async () => {
      page = await open();
      await page.goto('/', { waitUntil: 'networkidle' });
      const shift = await page.evaluate<number>(`new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const { value } of list.getEntries()) sum += value;
        }).observe({ type: 'layout-shift', buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
      })`);
      expect(shift).toBeLessThan(0.01);
    });

    it('can be read in the dark', async () => {
      page = await open({ colorScheme: 'dark' });
      await page.goto('/');
      const background = await page.evaluate(
        'getComputedStyle(document.documentElement).backgroundColor',
      );
      expect(background).toBe('rgb(23, 26, 25)');
      await picture('home-dark');
    });
  });
}

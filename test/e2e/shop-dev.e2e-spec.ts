import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GuardedDirectory } from '../../libs/redis-kit/src/testing/rig/guarded-directory.js';
import { ShopProcess } from './support/shop-process.js';

const answers = (url: URL): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(url.port), url.hostname);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

describe('the shop as npm start runs it', () => {
  let directory: GuardedDirectory;
  let dataDirectory: string;

  beforeAll(() => {
    directory = new GuardedDirectory('shop-dev');
    dataDirectory = join(directory.path, 'pg');
  });
  afterAll(() => directory.remove());

  it('brings its own Redis, and leaves nothing behind', async () => {
    const shop = await ShopProcess.spawn(directory, {
      entry: 'dev.js',
      environment: { SHOP_DATA_DIR: dataDirectory, NODE_ENV: 'development' },
    });
    expect((await shop.get('/health/ready')).status).toBe(200);
    await shop.get('/');
    const home = await shop.get('/');
    expect(home.headers.get('x-shop-cache')).toBe('hit');
    expect(shop.output).toContain('Admin token for this development shop: development-only');
    const redis = new URL(/redis:\/\/\S+/.exec(shop.output)![0]);
    expect(await answers(redis)).toBe(true);

    expect(await shop.stop()).toEqual({ code: 0, signal: null });
    expect(await answers(redis)).toBe(false);
    expect(existsSync(`${dataDirectory}.lock`)).toBe(false);
  });

  it('says what is wrong and ends, when it cannot start', async () => {
    const shop = await ShopProcess.spawn(directory, {
      entry: 'dev.js',
      environment: { SHOP_DATA_DIR: dataDirectory, PORT: 'http' },
    });
    expect(await shop.ended()).toEqual({ code: 1, signal: null });
    expect(shop.output).toContain('PORT must be a port number');
  });
});

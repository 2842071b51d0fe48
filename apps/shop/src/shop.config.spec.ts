import { describe, expect, it } from '@jest/globals';
import { readShopConfig } from './shop.config.js';

describe('readShopConfig', () => {
  it('needs nothing', () => {
    const config = readShopConfig({});
    expect(config).toMatchObject({
      NODE_ENV: 'development',
      PORT: 3000,
      SHOP_WITHOUT_REDIS: 'not-ready',
    });
    expect(config.DATABASE_URL).toBeUndefined();
    expect(config.adminToken).toBe('development-only');
  });

  it('reads what is set, and takes an empty variable for one that is not', () => {
    const config = readShopConfig({
      PORT: ' 8080 ',
      DATABASE_URL: '',
      SHOP_ADMIN_TOKEN: 'a-long-enough-token',
      HOME: '/anywhere',
    });
    expect(config.PORT).toBe(8080);
    expect(config.DATABASE_URL).toBeUndefined();
    expect(config.adminToken).toBe('a-long-enough-token');
    expect(config).not.toHaveProperty('HOME');
  });

  it('has no admin token of its own in production', () => {
    const SHOP_SESSION_SECRET = 'a secret of this test that is long enough';
    const config = readShopConfig({ NODE_ENV: 'production', SHOP_SESSION_SECRET });
    expect(config.adminToken).toBeUndefined();
    expect(config.sessionSecret).toBe(SHOP_SESSION_SECRET);
  });

  it.each([
    [{ PORT: 'http' }, 'PORT must be a port number from 0 (any free port) to 65535, got "http"'],
    [{ PORT: '70000' }, 'PORT must be a port number from 0 (any free port) to 65535, got "70000"'],
    [{ NODE_ENV: 'production' }, 'SHOP_SESSION_SECRET must be set in production'],
    [{ NODE_ENV: 'staging' }, 'NODE_ENV must be development, test or production, got "staging"'],
    [{ DATABASE_URL: 'mysql://db' }, 'DATABASE_URL must look like postgres://'],
    [{ SHOP_ADMIN_TOKEN: 'short' }, 'SHOP_ADMIN_TOKEN must have at least 12 characters'],
    [
      { SHOP_WITHOUT_REDIS: 'fine' },
      'SHOP_WITHOUT_REDIS must be not-ready or degraded, got "fine"',
    ],
    [
      { DATABASE_URL: 'postgres://db/shop', SHOP_PG_SOCKET_PORT: '5433' },
      'SHOP_PG_SOCKET_PORT serves the embedded database, and DATABASE_URL says not to use it',
    ],
  ])('refuses %j', (environment, message) => {
    expect(() => readShopConfig(environment)).toThrow(message);
  });

  it('names everything that is wrong at once', () => {
    expect(() => readShopConfig({ PORT: '-1', NODE_ENV: 'x' })).toThrow(/NODE_ENV[^]*PORT/);
  });

  it('never repeats a secret', () => {
    expect(() => readShopConfig({ DATABASE_URL: 'mysql://user:hunter2@db' })).toThrow(
      /^(?![^]*hunter2)[^]*DATABASE_URL/,
    );
  });
});

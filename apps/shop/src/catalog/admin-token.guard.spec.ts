import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { readShopConfig } from '../shop.config.js';
import { AdminTokenGuard } from './admin-token.guard.js';

const showing = (authorization?: string): ExecutionContext =>
  ({
    switchToHttp: () => ({
      getRequest: () => ({ headers: { authorization } }),
      getResponse: () => ({ setHeader: () => undefined }),
    }),
  }) as unknown as ExecutionContext;

const guard = (environment: NodeJS.ProcessEnv): AdminTokenGuard =>
  new AdminTokenGuard(readShopConfig(environment));

describe('AdminTokenGuard', () => {
  const configured = guard({ SHOP_ADMIN_TOKEN: 'a-long-enough-token' });

  it('lets the token through', () => {
    expect(configured.canActivate(showing('Bearer a-long-enough-token'))).toBe(true);
    expect(configured.canActivate(showing('bearer  a-long-enough-token'))).toBe(true);
  });

  it.each([undefined, '', 'Basic abc', 'Bearer'])('asks for a token when shown %j', (shown) => {
    expect(() => configured.canActivate(showing(shown))).toThrow('Show the admin token');
  });

  it.each(['Bearer a-long-enough-toke', 'Bearer a-long-enough-token2'])('refuses %s', (shown) => {
    expect(() => configured.canActivate(showing(shown))).toThrow('not the admin token');
  });

  it('lets nobody through in production without a configured token', () => {
    const off = guard({
      NODE_ENV: 'production',
      SHOP_SESSION_SECRET: 'a secret of this test that is long enough',
    });
    expect(() => off.canActivate(showing('Bearer development-only'))).toThrow(
      'The admin API is off: set SHOP_ADMIN_TOKEN',
    );
  });
});

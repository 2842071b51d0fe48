import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import type { INestApplication } from '@nestjs/common';
import { RedisKitEvents } from 'nestjs-redis-kit';
import type { SessionModuleOptions } from 'nestjs-redis-kit/session';
import { eventually, isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { Browser } from '../support/browser.js';
import { PLATFORMS } from '../support/http-application.js';
import {
  idOf,
  SECRET,
  signed,
  startSessionApplication,
  type SessionApplication,
} from '../support/session-application.js';

const HTTPS = { 'x-forwarded-proto': 'https' };

describe.each(PLATFORMS)('the cookie of a session on %s', (platform) => {
  let redis: RedisServer;
  const running: SessionApplication[] = [];

  const start = async (
    options: Partial<SessionModuleOptions> = {},
    namespace = isolatedNamespace(),
  ): Promise<SessionApplication> => {
    const trust = (app: INestApplication) => {
      if (platform === 'express') app.getHttpAdapter().getInstance().set('trust proxy', 1);
    };
    const redisOptions = { url: redis.url, namespace };
    const application = await startSessionApplication(platform, redisOptions, options, trust);
    running.push(application);
    return application;
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ app }) => app.close()));
  });

  afterAll(() => redis?.stop());

  it('is Secure over HTTPS, and works over plain HTTP', async () => {
    const application = await start();
    const secure = new Browser(application.request, 'test', HTTPS);
    await secure.post('/login/anna');
    const name = platform === 'express' ? '__Host-sid' : 'sid';
    expect([...secure.cookies.keys()]).toEqual([name]);
    expect(secure.lastCookies.at(-1)).toMatch(/; Secure/i);
    expect(secure.lastCookies.at(-1)).toMatch(/; Path=\/;/i);
    expect(await secure.get('/me')).toMatchObject({ userId: 'anna' });
    await secure.post('/logout');
    expect(secure.cookies.size).toBe(0);
    expect(secure.lastCookies.at(-1)).toMatch(/; Secure/i);
    const plain = application.browser();
    await plain.post('/login/anna');
    expect(plain.lastCookies.at(-1)).not.toMatch(/; Secure/i);
    expect(await plain.get('/me')).toMatchObject({ userId: 'anna' });
  });

  it('is not sent over plain HTTP when it is to be secure, and has __Host- in front', async () => {
    const application = await start({ cookie: { secure: true, sameSite: 'strict', name: 'id' } });
    const plain = application.browser();
    await plain.post('/login/anna');
    expect(plain.cookies.size).toBe(0);
    const secure = new Browser(application.request, 'test', HTTPS);
    await secure.post('/login/anna');
    expect([...secure.cookies.keys()]).toEqual(['__Host-id']);
    expect(secure.lastCookies.at(-1)).toMatch(/; SameSite=Strict/i);
    expect(await secure.get('/me')).toMatchObject({ userId: 'anna' });
  });

  it('lives as long as the session may, or as the browser, as it is asked', async () => {
    const lasting = (await start({ absolute: '3d' })).browser();
    await lasting.post('/login/anna');
    const expires = /; Expires=([^;]+)/i.exec(lasting.lastCookies.at(-1)!)![1]!;
    const days = (Date.parse(expires) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(2.9);
    expect(days).toBeLessThanOrEqual(3.01);
    const fleeting = (await start({ cookie: { persistent: false } })).browser();
    await fleeting.post('/login/anna');
    expect(fleeting.lastCookies.at(-1)).not.toMatch(/Expires|Max-Age/i);
    expect(await fleeting.get('/me')).toMatchObject({ userId: 'anna' });
  });

  it('of an older secret is accepted, and new ones are signed with the newest', async () => {
    const namespace = isolatedNamespace();
    const before = await start({}, namespace);
    const browser = before.browser();
    await browser.post('/login/anna');
    const newest = 'the secret that came after the other one';
    const after = await start({ secret: [newest, SECRET] }, namespace);
    const returning = after.browser();
    for (const [name, value] of browser.cookies) returning.cookies.set(name, value);
    expect(await returning.get('/me')).toMatchObject({ userId: 'anna' });
    // Users are found by a key that is none of the secrets.
    expect(await after.sessions.listForUser('anna')).toHaveLength(1);
    expect(idOf(returning)).toBe(idOf(browser));
    expect(await returning.get('/me')).toMatchObject({ userId: 'anna' });
    await returning.post('/login/anna');
    expect(await after.sessions.listForUser('anna')).toHaveLength(1);
    const alone = await start({ secret: newest }, namespace);
    const last = alone.browser();
    for (const [name, value] of returning.cookies) last.cookies.set(name, value);
    expect(await last.get('/me')).toMatchObject({ userId: 'anna' });
    await before.sessions.revokeAll('anna');
    expect(await last.get('/me')).toMatchObject({ userId: null });
  });

  it('cannot be given to somebody before he logs in', async () => {
    const application = await start();
    const attacker = application.browser();
    await attacker.post('/set', { a: 1 });
    const victim = attacker.copy();
    await victim.post('/login/anna');
    expect(idOf(victim)).not.toBe(idOf(attacker));
    expect(await attacker.get('/me')).toMatchObject({ userId: null });
    // An id that was never given out is not taken either, although it is signed.
    const made = application.browser();
    made.cookies.set('sid', signed(`g${'A'.repeat(16)}.${'B'.repeat(12)}.${'C'.repeat(32)}`));
    await made.post('/set', { a: 1 });
    expect(idOf(made)).not.toContain('BBBB');
  });

  it('is renewed when it is old; the old one is good for the grace, and then reported', async () => {
    const application = await start({ renewal: '1s', renewalGrace: '5s', touchEvery: 0 });
    const refused: string[] = [];
    application.app.get(RedisKitEvents).on('session.refused', ({ handle }) => refused.push(handle));
    const browser = application.browser();
    await browser.post('/login/anna');
    await browser.post('/set', { kept: true });
    const first = idOf(browser);
    const old = browser.copy();
    await eventually(async () => {
      const answers = await Promise.all(
        [old.copy(), old.copy(), browser].map((one) => one.get('/me')),
      );
      for (const answer of answers) {
        expect(answer).toEqual({ userId: 'anna', data: { kept: true } });
      }
      expect(idOf(browser)).not.toBe(first);
    });
    expect(idOf(browser).split('.').slice(0, 2)).toEqual(first.split('.').slice(0, 2));
    await eventually(
      async () => expect(await old.copy().get('/me')).toMatchObject({ userId: null }),
      { within: 30_000 },
    );
    expect(refused).toContain(first.split('.')[1]);
    expect(await browser.get('/me')).toMatchObject({ userId: 'anna' });
  });

  it('is counted for a limit as one session, whatever its id is renewed to', async () => {
    const application = await start({ renewal: '1s', touchEvery: 0 });
    const browser = application.browser();
    await browser.post('/login/anna');
    const first = idOf(browser);
    const statuses: number[] = [];
    const ask = async () => {
      const response = await browser.request('/limited');
      await response.body?.cancel();
      statuses.push(response.status);
    };
    await eventually(async () => {
      await ask();
      expect(idOf(browser)).not.toBe(first);
    });
    // Together with two before the renewal, one more than are allowed.
    for (let i = 0; i < 4; i++) await ask();
    expect(statuses.slice(0, 5)).toEqual(Array(5).fill(200));
    expect(new Set(statuses.slice(5))).toEqual(new Set([429]));
  });

  it('ends when it is not used, and at its age however much it is used', async () => {
    const application = await start({ idle: '3s', absolute: '8s', touchEvery: 0 });
    const [used, idle] = [application.browser(), application.browser()];
    await used.post('/login/used');
    await idle.post('/login/idle');
    await eventually(async () => {
      // The older one, which would be gone first if it were not for this.
      expect(await used.get('/me')).toMatchObject({ userId: 'used' });
      expect(await application.sessions.listForUser('idle')).toEqual([]);
    });
    expect(await idle.get('/me')).toMatchObject({ userId: null });
    await eventually(async () => expect(await used.get('/me')).toMatchObject({ userId: null }), {
      within: 30_000,
    });
  });

  describe('that plain connect-redis gave', () => {
    /** Stores a session as connect-redis does, and gives its cookie to a browser. */
    const visitor = async (application: SessionApplication, data: object): Promise<Browser> => {
      const store = new RedisStore({ client: redis.client() });
      const id = randomBytes(24).toString('base64url');
      const session = { cookie: { originalMaxAge: null, path: '/' }, ...data };
      await store.set(id, session as never);
      const browser = application.browser();
      browser.cookies.set('sid', signed(id));
      return browser;
    };
    const foreign = {
      userOf: (data: Record<string, unknown>) => data['uid'] as string | undefined,
    };

    it('opens its session, which goes on under an id of ours', async () => {
      const application = await start({ foreign });
      const browser = await visitor(application, { uid: 'anna', cart: [1] });
      const parallel = [browser.copy(), browser.copy(), browser];
      const answers = await Promise.all(parallel.map((one) => one.get('/me')));
      for (const answer of answers) {
        expect(answer).toEqual({ userId: 'anna', data: { uid: 'anna', cart: [1] } });
      }
      expect(new Set(parallel.map((one) => idOf(one))).size).toBe(1);
      expect(idOf(browser)).toMatch(/^u/);
      await browser.post('/set', { more: 1 });
      expect(await browser.get('/me')).toMatchObject({ data: { more: 1, cart: [1] } });
      expect(await application.sessions.listForUser('anna')).toHaveLength(1);
    });

    it('opens nothing after a logout, or after all were revoked', async () => {
      const application = await start({ foreign });
      const browser = await visitor(application, { uid: 'berta' });
      const stolen = browser.copy();
      await browser.get('/me');
      await browser.post('/logout');
      expect(await stolen.get('/me')).toMatchObject({ userId: null });
      const other = await visitor(application, { uid: 'berta' });
      await application.sessions.revokeAll('berta');
      expect(await other.get('/me')).toEqual({ userId: null, data: {} });
    });

    it('opens the session of a guest, and nothing when such sessions are not wanted', async () => {
      const guests = await start();
      const guest = await visitor(guests, { cart: [1] });
      expect(await guest.get('/me')).toEqual({ userId: null, data: { cart: [1] } });
      expect(idOf(guest)).toMatch(/^g/);
      const none = await start({ foreign: false });
      const refused = await visitor(none, { cart: [1] });
      expect(await refused.get('/me')).toEqual({ userId: null, data: {} });
    });
  });

  it('is refused to one device too many, and given again in the same browser', async () => {
    const application = await start({ maxPerUser: 1, onLimit: 'reject' });
    const [one, two] = [application.browser(), application.browser()];
    await one.post('/login/anna');
    expect(await two.post('/login/anna')).toEqual({ refused: 'SESSION_LIMIT_REACHED' });
    expect(await two.get('/me')).toMatchObject({ userId: null });
    expect(await one.post('/login/anna')).toHaveProperty('handle');
    expect(await one.get('/me')).toMatchObject({ userId: 'anna' });
  });

  it('costs one command a request, and a few touches', async () => {
    const application = await start();
    const browser = application.browser();
    await browser.post('/login/anna');
    await browser.get('/me');
    const { mget = 0, evalsha = 0 } = await redis.commandsDuring(async () => {
      for (let i = 0; i < 100; i++) await browser.get('/me');
    });
    expect(mget).toBe(100);
    expect(evalsha).toBeLessThanOrEqual(5);
  });

  it('has what the last request made of it, where that is asked for', async () => {
    const application = await start({ onConflict: 'last-write' });
    const browser = application.browser();
    await browser.post('/set', { a: 1 });
    const saving = browser.copy().post('/set?gate=last', { b: 1 });
    await application.gates.at('last:arrived').passed;
    await browser.post('/set', { c: 1 });
    application.gates.at('last').open();
    await saving;
    expect(await browser.get('/me')).toEqual({ userId: null, data: { a: 1, b: 1 } });
  });

  it('is not sent for what was refused: too large, or changed by another request meanwhile', async () => {
    const application = await start({ maxBytes: 300, onConflict: 'reject' });
    const conflicted: object[] = [];
    application.app.get(RedisKitEvents).on('session.conflicted', (event) => conflicted.push(event));
    const browser = application.browser();
    await browser.post('/set', { a: 1 });
    const slow = browser.copy();
    const saving = slow.request('/set?gate=slow', {
      method: 'POST',
      body: JSON.stringify({ b: 1 }),
      headers: { 'content-type': 'application/json' },
    });
    await application.gates.at('slow:arrived').passed;
    await browser.post('/set', { c: 1 });
    application.gates.at('slow').open();
    await saving;
    expect(await browser.get('/me')).toMatchObject({ data: { a: 1, c: 1 } });
    // Once on Express; @fastify/session tries again for the answer that says so.
    const [, handle] = idOf(browser).split('.');
    expect(conflicted).toContainEqual({ handle, policy: 'reject' });
    const body = JSON.stringify({ large: 'x'.repeat(400) });
    await browser.request('/set', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(await browser.get('/me')).toMatchObject({ data: { a: 1, c: 1 } });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import type { Redis } from 'ioredis';
import { RedisKitEvents } from 'nestjs-redis-kit';
import { NoSessionError } from 'nestjs-redis-kit/session';
import {
  eventually,
  isolatedNamespace,
  keysWithoutExpiry,
  RedisServer,
} from 'nestjs-redis-kit/testing';
import { PLATFORMS } from '../support/http-application.js';
import {
  idOf,
  signed,
  startSessionApplication,
  type SessionApplication,
} from '../support/session-application.js';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';

/** Everything that is stored: names of keys, and what is under them. */
async function everythingIn(client: Redis): Promise<string> {
  const readers: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => client.get(key),
    hash: (key) => client.hgetall(key),
    zset: (key) => client.zrange(key, '0', '-1'),
    // It has expired meanwhile.
    none: async () => null,
  };
  const keys = await client.keys('*');
  const entries = keys.map(async (key) => [key, await readers[await client.type(key)]!(key)]);
  return JSON.stringify(await Promise.all(entries));
}

interface Device {
  handle: string;
  device: { name: string; ip: string };
  isCurrent: boolean;
}

describe.each(PLATFORMS)('sessions over HTTP on %s', (platform) => {
  let redis: RedisServer;
  let application: SessionApplication;
  const namespace = isolatedNamespace();

  beforeAll(async () => {
    redis = await RedisServer.start();
    application = await startSessionApplication(platform, { url: redis.url, namespace });
  });

  afterAll(async () => {
    await application?.app.close();
    await redis?.stop();
  });

  it('gives no cookie to a guest who leaves nothing, and asks Redis nothing', async () => {
    const browser = application.browser();
    expect(await browser.get('/me')).toEqual({ userId: null, data: {} });
    expect(browser.lastCookies).toEqual([]);
  });

  it('keeps what a guest leaves, in a cookie that scripts cannot read', async () => {
    const browser = application.browser();
    await browser.post('/set', { cart: ['mug'] });
    expect(browser.lastCookies).toHaveLength(1);
    expect(browser.lastCookies[0]).toMatch(/^sid=/);
    expect(browser.lastCookies[0]).toMatch(/HttpOnly/i);
    expect(browser.lastCookies[0]).toMatch(/SameSite=Lax/i);
    expect(browser.lastCookies[0]).not.toMatch(/Secure/i);
    expect(await browser.get('/me')).toEqual({ userId: null, data: { cart: ['mug'] } });
    expect(browser.lastCookies).toEqual([]);
  });

  it('keeps changes, of which the cookie is not sent again', async () => {
    const browser = application.browser();
    await browser.post('/set', { a: 1 });
    await browser.post('/set', { b: 2 });
    expect(browser.lastCookies).toEqual([]);
    await browser.post('/unset/a');
    expect(await browser.get('/me')).toEqual({ userId: null, data: { b: 2 } });
  });

  it('logs in under a new id, with what the guest had, and the old id is worth nothing', async () => {
    const browser = application.browser(CHROME);
    await browser.post('/set', { cart: ['mug'] });
    const guest = browser.copy();
    const login = await browser.post<{ handle: string; isFirst: boolean }>('/login/anna');
    expect(login.isFirst).toBe(true);
    expect(browser.cookies.get('sid')).not.toBe(guest.cookies.get('sid'));
    expect(await browser.get('/me')).toEqual({ userId: 'anna', data: { cart: ['mug'] } });
    expect(await guest.get('/me')).toMatchObject({ userId: null });
    await browser.post('/set', { b: 2 });
    expect(browser.lastCookies).toEqual([]);
    expect(await browser.get('/me')).toEqual({ userId: 'anna', data: { cart: ['mug'], b: 2 } });
  });

  it('lists devices, revokes one, the others, and nobody else’s', async () => {
    const [one, two, three] = [CHROME, 'x', 'y'].map((agent) => application.browser(agent));
    for (const browser of [one!, two!, three!]) await browser.post('/login/berta');
    const stranger = application.browser();
    await stranger.post('/login/mallory');
    const devices = await one!.get<Device[]>('/devices');
    expect(devices).toHaveLength(3);
    const current = devices.find(({ isCurrent }) => isCurrent)!;
    expect(current.device).toMatchObject({ name: 'Chrome on Windows', type: 'desktop' });
    expect(current.device.ip).toBe('127.0.0.0/24');
    const [handle] = (await two!.get<Device[]>('/devices'))
      .filter(({ isCurrent }) => isCurrent)
      .map((device) => device.handle);
    expect(await stranger.post(`/revoke/${handle}`)).toEqual({ revoked: false });
    expect(await two!.get('/me')).toMatchObject({ userId: 'berta' });
    expect(await one!.post(`/revoke/${handle}`)).toEqual({ revoked: true });
    expect(await two!.get('/me')).toMatchObject({ userId: null });
    expect(await one!.post('/revoke-others')).toEqual({ revoked: 1 });
    expect(await three!.get('/me')).toMatchObject({ userId: null });
    expect(await one!.get('/me')).toMatchObject({ userId: 'berta' });
    expect(await one!.get<Device[]>('/devices')).toHaveLength(1);
    await application.sessions.revokeAll('berta');
    expect((await one!.request('/devices')).status).toBe(401);
    expect(await stranger.get('/me')).toMatchObject({ userId: 'mallory' });
  });

  it('logs out: the session is gone, and so is the cookie', async () => {
    const browser = application.browser();
    await browser.post('/login/carla');
    const stolen = browser.copy();
    await browser.post('/logout');
    expect(browser.cookies.has('sid')).toBe(false);
    expect(await stolen.get('/me')).toEqual({ userId: null, data: {} });
  });

  it('does not bring a session back that ended while a slow request had it', async () => {
    const browser = application.browser();
    await browser.post('/login/dora');
    const slow = browser.copy();
    const saving = slow.post('/set?gate=dora', { late: true });
    await application.gates.at('dora:arrived').passed;
    await browser.post('/logout');
    application.gates.at('dora').open();
    await saving;
    expect(await slow.get('/me')).toEqual({ userId: null, data: {} });
    expect(await application.sessions.listForUser('dora')).toEqual([]);
  });

  it('ends a login that has a ticket by a revocation in between', async () => {
    const browser = application.browser();
    const login = browser.post('/login-slowly/emma?gate=emma');
    await application.gates.at('emma:arrived').passed;
    await application.sessions.revokeAll('emma');
    application.gates.at('emma').open();
    expect(await login).toEqual({ refused: 'SESSION_LOGIN_REVOKED' });
    expect(await browser.get('/me')).toMatchObject({ userId: null });
    await browser.post('/login/emma');
    expect(await browser.get('/me')).toMatchObject({ userId: 'emma' });
  });

  it('keeps what parallel requests change of one session, each its own', async () => {
    const browser = application.browser();
    await browser.post('/set', { start: 0 });
    const requests = Array.from({ length: 8 }, (_, i) =>
      browser.copy().post(`/set?gate=parallel${i}`, { [`key${i}`]: i }),
    );
    // All of them have read the session before the first changes it.
    await Promise.all(requests.map((_, i) => application.gates.at(`parallel${i}:arrived`).passed));
    for (const i of requests.keys()) application.gates.at(`parallel${i}`).open();
    await Promise.all(requests);
    const { data } = await browser.get<{ data: object }>('/me');
    expect(Object.keys(data).sort()).toEqual(
      ['start', ...Array.from({ length: 8 }, (_, i) => `key${i}`)].sort(),
    );
  });

  it('does not let a late request from before a login undo it in the browser', async () => {
    const browser = application.browser();
    await browser.post('/set', { cart: 1 });
    const late = browser.copy();
    const saving = late.post('/set?gate=ghost', { cart: 2 });
    await application.gates.at('ghost:arrived').passed;
    await browser.post('/login/frida');
    application.gates.at('ghost').open();
    await saving;
    expect(late.lastCookies).toEqual([]);
  });

  it('asks for a password that was entered lately, and gives a new id after it', async () => {
    const browser = application.browser();
    expect((await browser.request('/secret')).status).toBe(401);
    await browser.post('/login/greta');
    expect((await browser.request('/secret')).status).toBe(200);
    const before = browser.cookies.get('sid');
    await browser.post('/confirm');
    expect(browser.cookies.get('sid')).not.toBe(before);
    expect(await browser.get('/me')).toMatchObject({ userId: 'greta' });
  });

  it('counts what was confirmed for the new id only', async () => {
    const browser = application.browser();
    await browser.post('/login/gina');
    await eventually(async () => expect((await browser.request('/recent')).status).toBe(403), {
      within: 30_000,
    });
    const thief = browser.copy();
    await browser.post('/confirm');
    expect((await browser.request('/recent')).status).toBe(200);
    expect((await thief.request('/recent')).status).toBe(403);
    expect(await thief.get('/me')).toMatchObject({ userId: 'gina' });
    expect((await thief.request('/confirm', { method: 'POST' })).status).toBe(500);
    expect((await thief.request('/recent')).status).toBe(403);
  });

  it('counts a session for a limit under its name, whose id changes', async () => {
    const browser = application.browser();
    await browser.post('/login/lena');
    const before = browser.copy();
    const ask = async (from = browser) => (await from.request('/limited')).status;
    for (let i = 0; i < 5; i++) expect(await ask()).toBe(200);
    expect(await ask()).toBe(429);
    await browser.post('/confirm');
    expect(idOf(browser)).not.toBe(idOf(before));
    expect([await ask(), await ask(before)]).toEqual([429, 429]);
    const other = application.browser();
    await other.post('/login/lena');
    expect(await ask(other)).toBe(200);
  });

  it('announces who was revoked, and why', async () => {
    const options = { url: redis.url, namespace: isolatedNamespace() };
    const limited = await startSessionApplication(platform, options, { maxPerUser: 2 });
    try {
      const { sessions } = limited;
      const [revoked, moves]: [object[], object[]] = [[], []];
      const stop = sessions.onRevoked((event) => revoked.push(event));
      const events = limited.app.get(RedisKitEvents);
      events.on('session.logged-in', (event) => moves.push({ in: event }));
      events.on('session.logged-out', (event) => moves.push({ out: event }));
      const login = async () => {
        const browser = limited.browser();
        const { handle } = await browser.post<{ handle: string }>('/login/olga');
        return { browser, handle };
      };
      const [one, two] = [await login(), await login()];
      await one.browser.post(`/revoke/${two.handle}`);
      const three = await login();
      await one.browser.post('/revoke-others');
      const [four, five] = [await login(), await login()];
      await sessions.revokeAll('olga');
      const userId = 'olga';
      expect(revoked).toEqual([
        { userId, reason: 'one', handles: [two.handle] },
        { userId, reason: 'others', handles: [three.handle] },
        { userId, reason: 'limit', handles: [one.handle] },
        { userId, reason: 'all', handles: expect.arrayContaining([four.handle, five.handle]) },
      ]);
      stop();
      const six = await login();
      await six.browser.post('/logout');
      await sessions.revokeAll('olga');
      expect(revoked).toHaveLength(4);
      expect(moves).toEqual([
        ...[one, two, three, four, five, six].map(({ handle }) => ({ in: { userId, handle } })),
        { out: { userId, handle: six.handle } },
      ]);
    } finally {
      await limited.app.close();
    }
  });

  it('answers 403 when that was too long ago', async () => {
    const browser = application.browser();
    await browser.post('/login/greta');
    await eventually(async () => expect((await browser.request('/stale')).status).toBe(403));
  });

  it('hands what belongs to one user to no other, and ends a session that is replaced', async () => {
    const browser = application.browser(CHROME);
    await browser.post('/login/ines?device=Till');
    await browser.post('/set', { address: 'of ines' });
    const before = browser.copy();
    await browser.post('/login/ines');
    expect(await browser.get('/me')).toMatchObject({ data: { address: 'of ines' } });
    expect(await before.get('/me')).toMatchObject({ userId: null });
    const devices = await browser.get<Device[]>('/devices');
    expect(devices.map(({ device }) => device.name)).toEqual(['Chrome on Windows']);
    await browser.post('/login/jana');
    expect(await browser.get('/me')).toEqual({ userId: 'jana', data: {} });
    expect(await application.sessions.listForUser('ines')).toEqual([]);
    expect(await browser.get('/device')).toMatchObject({ browser: 'Chrome 126', type: 'desktop' });
  });

  it('refuses what only a user can ask for, and requests that it did not see', async () => {
    expect((await application.browser().request('/revoke-others', { method: 'POST' })).status).toBe(
      500,
    );
    expect(() => application.sessions.userIdOf({})).toThrow(NoSessionError);
    expect(() => application.sessions.userIdOf({})).toThrow(/Import SessionModule\.forRoot\(\)/);
    await expect(application.sessions.logout({})).rejects.toBeInstanceOf(NoSessionError);
  });

  it('takes no id that it did not sign, and none that was not stored', async () => {
    const browser = application.browser();
    await browser.post('/set', { a: 1 });
    const value = decodeURIComponent(browser.cookies.get('sid')!);
    const forged = browser.copy();
    forged.cookies.set('sid', encodeURIComponent(value.replace(/^s:./, 's:h')));
    expect(await forged.get('/me')).toEqual({ userId: null, data: {} });
  });

  it('leaves no key without an expiry, and no secret in Redis', async () => {
    const client = redis.client();
    const browser = application.browser();
    await browser.post('/set', { cart: ['mug'] });
    const ids = [idOf(browser)];
    await browser.post('/login/hanna');
    ids.push(idOf(browser));
    await browser.post('/confirm');
    ids.push(idOf(browser));
    const foreign = randomBytes(24).toString('base64url');
    const session = { cookie: { originalMaxAge: null, path: '/' }, cart: ['mug'] };
    await new RedisStore({ client }).set(foreign, session as never);
    const migrated = application.browser();
    migrated.cookies.set('sid', signed(foreign));
    expect(await migrated.get('/me')).toMatchObject({ data: { cart: ['mug'] } });
    ids.push(idOf(migrated));
    expect(new Set(ids).size).toBe(4);
    expect(await keysWithoutExpiry(client, '*')).toEqual([]);
    const everything = await everythingIn(client);
    for (const id of ids) {
      const [, handle, secret] = id.split('.') as [string, string, string];
      expect(everything).toContain(handle);
      expect(secret).toHaveLength(32);
      expect(everything).not.toContain(secret);
    }
  });
});

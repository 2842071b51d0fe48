import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NoSessionError } from 'nestjs-redis-kit/session';
import {
  eventually,
  isolatedNamespace,
  keysWithoutExpiry,
  RedisServer,
} from 'nestjs-redis-kit/testing';
import { PLATFORMS } from '../support/http-application.js';
import {
  startSessionApplication,
  type SessionApplication,
} from '../support/session-application.js';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';

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
    const browser = application.browser();
    await browser.post('/login/hanna');
    expect(await keysWithoutExpiry(redis.client(), '*')).toEqual([]);
    const secret = /\.([\w-]{32})\./.exec(decodeURIComponent(browser.cookies.get('sid')!))![1]!;
    const keys = await redis.client().keys('*:session:*');
    for (const key of keys) {
      expect(key).not.toContain(secret);
      if ((await redis.client().type(key)) !== 'string') continue;
      expect(await redis.client().get(key)).not.toContain(secret);
    }
  });
});

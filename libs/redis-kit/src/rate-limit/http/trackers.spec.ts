import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { AddressList } from './client-address.js';
import type { LimitedCall, RateLimitRequest } from './limited-call.js';
import { RateLimitTrackerError } from './tracker.errors.js';
import { Trackers, type RateLimitBy, type TrackerSettings } from './trackers.js';

const SETTINGS: TrackerSettings = {
  ipv6Prefix: 56,
  trustedProxies: undefined,
  apiKeyHeader: 'x-api-key',
  secret: undefined,
  user: undefined,
};

const context = { getType: () => 'http' } as ExecutionContext;
const keyOf = (
  request: object,
  by: RateLimitBy,
  settings: Partial<TrackerSettings> = {},
): Promise<string> => {
  const call: LimitedCall = {
    context,
    request: request as RateLimitRequest,
    response: undefined,
    identity: request,
  };
  return new Trackers({ ...SETTINGS, ...settings }).keyOf(call, by);
};
const SESSION = '0123456789abcdefghij-_ABCDEFGHIJ';

describe('a call is counted', () => {
  it('by the address of the client, as the framework sees it', async () => {
    const request = { ip: '::ffff:203.0.113.7', headers: { 'x-forwarded-for': '6.6.6.6' } };
    expect(await keyOf(request, 'ip')).toBe('ip:203.0.113.7');
    expect(await keyOf({ ip: '2001:db8:1:2ff::9' }, 'ip')).toBe('ip:2001:db8:1:200::/56');
    expect(await keyOf({ ip: '2001:db8:1:2ff::9' }, 'ip', { ipv6Prefix: 64 })).toBe(
      'ip:2001:db8:1:2ff::/64',
    );
  });

  it('by the address that trusted proxies report, whatever the framework makes of it', async () => {
    const request = {
      ip: '6.6.6.6',
      socket: { remoteAddress: '10.0.0.1' },
      headers: { 'x-forwarded-for': '6.6.6.6, 203.0.113.7' },
    };
    expect(await keyOf(request, 'ip', { trustedProxies: 1 })).toBe('ip:203.0.113.7');
    const trustedProxies = new AddressList(['10.0.0.0/8']);
    expect(await keyOf(request, 'ip', { trustedProxies })).toBe('ip:203.0.113.7');
    expect(await keyOf(request, 'ip', { trustedProxies: 0 })).toBe('ip:10.0.0.1');
  });

  it('by the address at the other end of a WebSocket or a TCP connection', async () => {
    const remoteAddress = '203.0.113.7';
    for (const peer of [
      { _socket: { remoteAddress } },
      { handshake: { address: remoteAddress } },
      { getSocketRef: () => ({ socket: { remoteAddress } }) },
    ]) {
      expect(await keyOf(peer, 'ip')).toBe('ip:203.0.113.7');
    }
  });

  it('by the user that a guard found', async () => {
    expect(await keyOf({ user: { id: 42 } }, 'user')).toBe('user:42');
    expect(await keyOf({ user: { sub: 'auth0|7' } }, 'user')).toMatch(/^user:~[\w-]{43}$/);
    expect(await keyOf({ user: 'ada' }, 'user')).toBe('user:ada');
    expect(await keyOf({ data: { user: { id: 'ada' } } }, 'user')).toBe('user:ada');
    const user = (request: RateLimitRequest) => (request.user as { uuid: string }).uuid;
    expect(await keyOf({ user: { uuid: 'u1', id: 'no' } }, 'user', { user })).toBe('user:u1');
  });

  it('by an API key or a session, of which no key of Redis tells anything', async () => {
    const withKey = (value: string) => ({ headers: { 'x-api-key': value } });
    const key = await keyOf(withKey('secret-1'), 'apiKey');
    expect(key).toMatch(/^api-key:~[\w-]{43}$/);
    expect(await keyOf(withKey('secret-1'), 'apiKey')).toBe(key);
    expect(await keyOf(withKey('secret-2'), 'apiKey')).not.toBe(key);
    const keyed = await keyOf(withKey('secret-1'), 'apiKey', { secret: 'of the application' });
    expect(keyed).toMatch(/^api-key:~[\w-]{43}$/);
    expect(keyed).not.toBe(key);

    const headers = { cookie: `a=b; connect.sid=s%3A${SESSION}.signature` };
    expect(await keyOf({ headers, sessionID: SESSION }, 'session')).toMatch(/^session:~[\w-]{43}$/);
    expect(await keyOf({ headers, session: { sessionId: SESSION } }, 'session')).toMatch(
      /^session:~/,
    );
  });

  it('by a session of this library whatever its secret is, which a renewal replaces', async () => {
    const name = `u${'A'.repeat(16)}.${'B'.repeat(12)}`;
    const headers = { cookie: `sid=s%3A${name}.${'C'.repeat(32)}.signature` };
    const before = await keyOf({ headers, sessionID: `${name}.${'C'.repeat(32)}` }, 'session');
    const renewed = `${name}.${'D'.repeat(32)}`;
    expect(await keyOf({ headers, sessionID: renewed }, 'session')).toBe(before);
    const other = { headers, sessionID: renewed.replace('B.', 'X.'), ip: '203.0.113.7' };
    expect(await keyOf(other, ['session', 'ip'])).toBe('ip:203.0.113.7');
  });

  it('not by a session that was made for it: whoever sends no cookie gets one each time', async () => {
    const fresh = { sessionID: SESSION, ip: '203.0.113.7', headers: { cookie: 'a=b' } };
    expect(await keyOf(fresh, ['session', 'ip'])).toBe('ip:203.0.113.7');
    expect(await keyOf({ ...fresh, headers: {} }, ['session', 'ip'])).toBe('ip:203.0.113.7');
    expect(await keyOf({ ...fresh, sessionID: 'a=b' }, ['session', 'ip'])).toBe('ip:203.0.113.7');
  });

  it('by what a function tells, as text that can be in a key', async () => {
    const header = (request: RateLimitRequest) => request.headers?.['x-tenant'] as string;
    const by = (value: unknown) => keyOf({ headers: { 'x-tenant': value } }, header);
    expect(await by('acme')).toBe('by:acme');
    for (const hostile of ['a}b{', 'a\r\nSET x 1', 'é', 'x'.repeat(101), '\ud800', '~AAAA', ' ']) {
      expect(await by(hostile)).toMatch(/^by:~[\w-]{43}$/);
    }
    expect(await by('\ud800')).not.toBe(await by('\ud801'));
    expect(await keyOf({}, async () => 7)).toBe('by:7');
  });

  it('by the first that can tell, and by everybody together', async () => {
    const by: RateLimitBy = ['user', 'apiKey', 'ip'];
    expect(await keyOf({ user: { id: 1 }, ip: '1.2.3.4' }, by)).toBe('user:1');
    expect(await keyOf({ ip: '1.2.3.4' }, by)).toBe('ip:1.2.3.4');
    expect(await keyOf({}, 'everyone')).toBe('everyone');
  });

  it.each([
    [{}, 'ip', 'the address of the client is unknown'],
    [{ ip: undefined, socket: {} }, 'ip', 'the address of the client is unknown'],
    [{ ip: 'unknown' }, 'ip', 'the address of the client is unknown'],
    [{ user: { name: 'ada' } }, 'user', 'there is no user (the guard has to come after'],
    [{ headers: { 'x-api-key': '' } }, ['apiKey', 'session'], 'apiKey, then by session'],
    [{}, () => undefined, 'the function told nobody'],
  ] as const)('or it is an error that says what is missing: %j', async (request, by, message) => {
    const outcome = keyOf(request, by as RateLimitBy);
    await expect(outcome).rejects.toBeInstanceOf(RateLimitTrackerError);
    await expect(outcome).rejects.toMatchObject({ code: 'RATE_LIMIT_TRACKER_UNKNOWN' });
    await expect(outcome).rejects.toThrow(message);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { parseConnectionUrl, type Address } from './connection-url.js';

/** Everything that has a meaning in a URL, and a bit of everything else. */
const CHARACTERS = fc.constantFrom(...'aZ1:/?#[]@!$&\'()*+,;=%~ "\\é鍵🔑\n\u0000');

const hostName = fc
  .array(fc.stringMatching(/^[a-z\d][a-z\d_-]{0,8}$/), { minLength: 1, maxLength: 3 })
  .map((labels) => labels.join('.'));

const standalone = (host: string, port: number) => ({ type: 'standalone', host, port });

describe('a standalone URL', () => {
  it.each([
    ['redis://localhost', standalone('localhost', 6379)],
    ['redis://localhost:6380', standalone('localhost', 6380)],
    ['redis://localhost:6380/', standalone('localhost', 6380)],
    ['redis://10.0.0.1', standalone('10.0.0.1', 6379)],
    ['redis://[::1]', standalone('::1', 6379)],
    ['redis://[2001:db8::7]:6380', standalone('2001:db8::7', 6380)],
    ['redis://redis_cache-1.prod.svc', standalone('redis_cache-1.prod.svc', 6379)],
    ['redis://ümlaut.example', standalone('ümlaut.example', 6379)],
    ['redis://localhost\n', standalone('localhost', 6379)],
    ['unix:///run/redis.sock', { type: 'standalone', path: '/run/redis.sock' }],
    ['unix:///run/my%20redis.sock', { type: 'standalone', path: '/run/my redis.sock' }],
  ])('%j leads to its server', (url, target) => {
    expect(parseConnectionUrl(url)).toEqual({ target, tls: false });
  });

  it('may choose TLS, a user and a database', () => {
    expect(parseConnectionUrl('rediss://app:s3cret@redis.example:6390/7')).toEqual({
      target: standalone('redis.example', 6390),
      tls: true,
      username: 'app',
      password: 's3cret',
      db: 7,
    });
  });

  it.each([
    ['redis://:secret@h', { password: 'secret' }],
    ['redis://user@h', { username: 'user' }],
    ['redis://user:@h', { username: 'user' }],
    ['redis://:@h', {}],
    ['redis://@h', {}],
    ['redis://u:a:b:c@h', { username: 'u', password: 'a:b:c' }],
    ['redis://u:p%40ss%2Fw%3Ard@h', { username: 'u', password: 'p@ss/w:rd' }],
    ['redis://u:p@ss@h', { username: 'u', password: 'p@ss' }],
    ['redis://u:what?#now@h', { username: 'u', password: 'what?#now' }],
    ['redis://u%3Aser:%25@h', { username: 'u:ser', password: '%' }],
  ])('%s says who connects', (url, credentials) => {
    expect(parseConnectionUrl(url)).toEqual({
      target: standalone('h', 6379),
      tls: false,
      ...credentials,
    });
  });

  it('is read back whatever the credentials hold', () => {
    const text = fc.string({ unit: CHARACTERS, minLength: 1, maxLength: 8 });
    const host = fc.oneof(hostName, fc.ipV4());
    const port = fc.integer({ min: 1, max: 65_535 });
    const db = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(text, text, host, port, db, (username, password, host, port, db) => {
        const user = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
        expect(parseConnectionUrl(`redis://${user}@${host}:${port}/${db}`)).toEqual({
          target: standalone(host, port),
          tls: false,
          username,
          password,
          db,
        });
      }),
    );
  });

  it('is read back for every IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (host) => {
        expect(parseConnectionUrl(`redis://[${host}]:7000`)?.target).toEqual(
          standalone(host, 7000),
        );
      }),
    );
  });
});

describe('a Sentinel URL', () => {
  it('names the Sentinels, the master group and the database', () => {
    expect(parseConnectionUrl('redis+sentinel://u:p@s1,s2:26380,[::1]:26381/main/3')).toEqual({
      target: {
        type: 'sentinel',
        name: 'main',
        sentinels: [
          { host: 's1', port: 26379 },
          { host: 's2', port: 26380 },
          { host: '::1', port: 26381 },
        ],
      },
      tls: false,
      username: 'u',
      password: 'p',
      db: 3,
    });
  });

  it('may have a master group of any name', () => {
    expect(parseConnectionUrl('rediss+sentinel://s/my%20%2Fmain%40')).toMatchObject({
      target: { name: 'my /main@' },
      tls: true,
    });
  });

  it.each([
    'redis+sentinel://s1',
    'redis+sentinel://s1/',
    'redis+sentinel://s1//0',
    'redis+sentinel://s1/main/x',
    'redis+sentinel://s1/main/0/1',
    'redis+sentinel://s1/main%',
    'redis+sentinel://s1/main%E0%A4%A',
    'redis+sentinel://user:1234/word@s1:26379/main',
    'redis+sentinel://user:1234/word@s1:26379',
  ])('is refused as %s', (url) => {
    expect(parseConnectionUrl(url)).toBeUndefined();
  });
});

describe('a Cluster URL', () => {
  it('names some nodes', () => {
    expect(parseConnectionUrl('rediss+cluster://u:p@a,b:7001, c:7002/')).toEqual({
      target: {
        type: 'cluster',
        nodes: [
          { host: 'a', port: 6379 },
          { host: 'b', port: 7001 },
          { host: 'c', port: 7002 },
        ] satisfies Address[],
      },
      tls: true,
      username: 'u',
      password: 'p',
    });
  });

  it.each(['redis+cluster://a,b/1', 'redis+cluster://a/0', 'redis+cluster://a,,b'])(
    'is refused as %s',
    (url) => {
      expect(parseConnectionUrl(url)).toBeUndefined();
    },
  );

  it('is read back with any number of nodes', () => {
    const node = fc.record({ host: hostName, port: fc.integer({ min: 1, max: 65_535 }) });
    fc.assert(
      fc.property(fc.array(node, { minLength: 1 }), (nodes) => {
        const hosts = nodes.map(({ host, port }) => `${host}:${port}`).join(',');
        expect(parseConnectionUrl(`redis+cluster://${hosts}`)?.target).toEqual({
          type: 'cluster',
          nodes,
        });
      }),
    );
  });
});

describe('a URL of no accepted form', () => {
  it.each([
    '',
    'localhost',
    'localhost:6379',
    'redis:',
    'redis://',
    'redis:///0',
    'redis://:6379',
    'redis://user:pass@',
    'http://localhost',
    'rediss+unix://localhost',
    'redis+cluster+sentinel://a/b',
    'redis://h:0',
    'redis://h:65536',
    'redis://h:99999',
    'redis://h:-1',
    'redis://h:port',
    'redis://h:',
    'redis://h:6379:6380',
    'redis://h1,h2',
    'redis://h/x',
    'redis://h/-1',
    'redis://h/0/1',
    'redis://h/65536',
    'redis://h?db=1',
    'redis://h#0',
    'redis://ho st',
    'redis://h%6fst',
    'redis://::1',
    'redis://[::1',
    'redis://[localhost]',
    'redis://[1.2]',
    'redis://[:::::]',
    'redis://u:pa/ss@h',
    'redis://u:50%@h',
    'redis://u%E0%A4%A@h',
    'unix://run/redis.sock',
    'unix:///',
    'unix:///run/%E0%A4%A.sock',
    ' redis://h',
    'redis://a\nredis://b',
  ])('%j is refused', (url) => {
    expect(parseConnectionUrl(url)).toBeUndefined();
  });

  it('is refused without an exception, whatever it is', () => {
    const scheme = fc.constantFrom('redis://', 'redis+sentinel://', 'redis+cluster://', 'unix:///');
    const rest = fc.string({ unit: fc.constantFrom('a', '1', '%', '@', ':', '/', ',', '[', ']') });
    fc.assert(
      fc.property(scheme, rest, (scheme, rest) => {
        expect(() => parseConnectionUrl(scheme + rest)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

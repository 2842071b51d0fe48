import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './core/redis-kit.error.js';
import {
  resolveRedisKitOptions,
  type RedisKitOptions,
  type ResolvedRedisKitOptions,
} from './redis-kit.options.js';

const resolve = (input: unknown, environment: NodeJS.ProcessEnv = {}): ResolvedRedisKitOptions =>
  resolveRedisKitOptions(input as RedisKitOptions, environment);

/** `path: expected` of each wrong option. */
function refusal(input: unknown, environment: NodeJS.ProcessEnv = {}): string[] {
  try {
    resolve(input, environment);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.issues.map(({ path, expected }) => `${path}: ${expected}`);
  }
  return [];
}

/** `host:port/db` of each connection by name. */
function addresses(input: unknown, environment: NodeJS.ProcessEnv = {}): Record<string, string> {
  return Object.fromEntries(
    [...resolve(input, environment).connections].map(([name, { target, db }]) => [
      name,
      'host' in target ? `${target.host}:${target.port}/${db}` : target.type,
    ]),
  );
}

describe('without options', () => {
  it('everything has a default', () => {
    const resolved = resolve({});
    expect(resolved).toMatchObject({ connect: 'eager', shutdownTimeoutMs: 5_000, onEvents: {} });
    expect([...resolved.caches]).toEqual([['default', {}]]);
    expect(addresses({})).toEqual({ default: 'localhost:6379/0' });
  });

  it('members that are undefined count as absent', () => {
    const undefinedOptions = {
      namespace: undefined,
      url: undefined,
      connections: undefined,
      connect: undefined,
      shutdownTimeout: undefined,
      caches: undefined,
      onEvents: undefined,
      isGlobal: undefined,
    };
    expect(resolve(undefinedOptions)).toEqual(resolve({}));
    expect(
      resolve({
        connections: { default: undefined, cache: undefined },
        caches: { catalog: undefined },
        onEvents: { 'cache.hit': undefined },
      }),
    ).toEqual(resolve({}));
  });
});

describe('the environment', () => {
  it('says where connections lead that name no target', () => {
    const environment = { REDIS_URL: 'redis://a:1/2', REDIS_SESSIONS_URL: 'redis://b:2' };
    expect(addresses({}, environment)).toEqual({ default: 'a:1/2' });
    expect(addresses({ connections: { cache: {}, sessions: {} } }, environment)).toEqual({
      default: 'a:1/2',
      cache: 'a:1/2',
      sessions: 'b:2/0',
    });
  });

  it('is not asked about connections that name their target', () => {
    const environment = { REDIS_URL: 'nonsense', REDIS_CACHE_URL: 'nonsense' };
    const connections = { default: { host: 'a' }, cache: { url: 'redis://b' } };
    expect(addresses({ connections }, environment)).toEqual({
      default: 'a:6379/0',
      cache: 'b:6379/0',
    });
    expect(addresses({ url: 'redis://c' }, environment)).toEqual({ default: 'c:6379/0' });
  });

  it.each([
    ['cache', 'REDIS_CACHE_URL'],
    ['userSessions', 'REDIS_USER_SESSIONS_URL'],
    ['user-sessions', 'REDIS_USER_SESSIONS_URL'],
    ['user sessions', 'REDIS_USER_SESSIONS_URL'],
    ['rate_limits2', 'REDIS_RATE_LIMITS2_URL'],
  ])('names the connection %s by %s', (name, variable) => {
    const resolved = addresses({ connections: { [name]: {} } }, { [variable]: 'redis://own:1' });
    expect(resolved[name]).toBe('own:1/0');
  });

  it('counts as unset where it is empty, as in a compose file', () => {
    const environment = { REDIS_URL: '', REDIS_CACHE_URL: '', NODE_ENV: '', npm_package_name: '' };
    expect(addresses({ connections: { cache: {} } }, environment)).toEqual({
      default: 'localhost:6379/0',
      cache: 'localhost:6379/0',
    });
    expect(resolve({}, environment).namespace).toBe(resolve({}, {}).namespace);
  });

  it('is wrong once, however many connections use it, and its value is hidden', () => {
    const connections = { cache: {}, sessions: {} };
    const environment = { REDIS_URL: 'redis://u:hunter2/@h' };
    expect(refusal({ connections }, environment)).toHaveLength(1);
    expect(() => resolve({ connections }, environment)).toThrow('REDIS_URL: got (hidden)');
  });
});

describe('a named connection', () => {
  it('that names no target is the default one with another database', () => {
    const connections = {
      default: { url: 'redis://u:p@a:1/3', commandTimeout: '2s' },
      sessions: { db: 1 },
      same: {},
    };
    expect(addresses({ connections })).toEqual({
      default: 'a:1/3',
      sessions: 'a:1/1',
      same: 'a:1/3',
    });
    expect(resolve({ connections }).connections.get('sessions')).toMatchObject({
      username: 'u',
      password: 'p',
      commandTimeoutMs: 2_000,
    });
  });

  it('inherits the URL of the root too', () => {
    expect(addresses({ url: 'redis://a:1', connections: { sessions: { db: 1 } } })).toEqual({
      default: 'a:1/0',
      sessions: 'a:1/1',
    });
  });

  it('inherits nothing when it names a target, or the environment does', () => {
    const connections = {
      default: { host: 'a', password: 'p', commandTimeout: '2s' },
      own: { host: 'b' },
      cache: {},
    };
    const resolved = resolve({ connections }, { REDIS_CACHE_URL: 'redis://c' }).connections;
    for (const name of ['own', 'cache']) {
      expect(resolved.get(name)).toMatchObject({ password: undefined, commandTimeoutMs: 5_000 });
    }
  });

  it('cannot be another database of a Cluster or of a given client', () => {
    const sessions = { db: 1 };
    const client = new Redis({ lazyConnect: true });
    expect(refusal({ url: 'redis+cluster://a', connections: { sessions } })).toEqual([
      'forRoot().connections.sessions.db: 0: a Redis Cluster has no other database',
    ]);
    expect(refusal({ connections: { default: { client }, sessions } })).toEqual([
      'forRoot().connections.sessions.db: nothing, because the given client decides it',
    ]);
    client.disconnect();
  });

  it('may have any name, also one of a prototype', () => {
    const connections = JSON.parse('{ "__proto__": { "host": "a" }, "constructor": {} }') as object;
    expect(Object.entries(addresses({ connections }))).toEqual([
      ['default', 'localhost:6379/0'],
      ['__proto__', 'a:6379/0'],
      ['constructor', 'localhost:6379/0'],
    ]);
  });
});

describe('wrong options', () => {
  it('are told with their full path', () => {
    expect(
      refusal({
        connections: {
          cache: {
            name: 'm',
            sentinels: [
              { host: 'a', port: 1 },
              { host: 'b', port: 70_000 },
            ],
          },
        },
        caches: { catalog: { l9: {} } },
        conect: 'lazy',
      }).map((issue) => issue.split(': ')[0]),
    ).toEqual([
      'forRoot().conect',
      'forRoot().connections.cache.sentinels[1].port',
      'forRoot().caches.catalog.l9',
    ]);
  });

  it('are told all at once, also those that only contradict each other', () => {
    expect(
      refusal({
        url: 'redis://a',
        connections: {
          default: { host: 'b' },
          cache: { url: 'redis://a', host: 'b' },
          'my sessions': { name: 'm' },
        },
        caches: { catalog: { connection: 'elsewhere' }, 'my prices': { connection: 'nowhere' } },
      }),
    ).toEqual([
      'forRoot().url: nothing, because connections.default says where to connect',
      'forRoot().connections.cache: one of url, host, sentinels, cluster or client',
      'forRoot().connections["my sessions"].name: nothing, because it needs sentinels',
      'forRoot().caches.catalog.connection: one of default, cache, my sessions',
      'forRoot().caches["my prices"].connection: one of default, cache, my sessions',
    ]);
  });

  it('list what is known beside a misspelt one', () => {
    expect(refusal({ cache: {} })).toEqual([
      'forRoot().cache: no such option (known: caches, channelLayer, connect, connections, counters, events, ' +
        'isGlobal, leaderboards, locks, monitoring, namespace, onEvents, rateLimit, requestTracking, shutdownTimeout, streams, url)',
    ]);
  });

  it.each([
    ['namespace', { namespace: '' }],
    ['namespace', { namespace: 'shop:{a}' }],
    ['namespace', { namespace: 'shop live' }],
    ['namespace', { namespace: 'shop\n' }],
    ['namespace', { namespace: 'x'.repeat(101) }],
    ['url', { url: 'localhost' }],
    ['connect', { connect: 'later' }],
    ['shutdownTimeout', { shutdownTimeout: '99ms' }],
    ['shutdownTimeout', { shutdownTimeout: '11m' }],
    ['onEvents', { onEvents: { 'cache.hit': 'log' } }],
    ['onEvents', { onEvents: new Map([['cache.hit', () => undefined]]) }],
    ['onEvents', { onEvents: [() => undefined] }],
    ['onEvents', { onEvents: null }],
    ['isGlobal', { isGlobal: 'yes' }],
    ['connections', { connections: 'redis://a' }],
    ['connections.default', { connections: { default: 'redis://a' } }],
    ['connections.default', { connections: { default: new URL('redis://a') } }],
    ['caches.catalog.ttl', { caches: { catalog: { ttl: 0 } } }],
    ['caches.catalog.store', { caches: { catalog: { store: 'disk' } } }],
  ])('end at %s of %p', (path, input) => {
    expect(refusal(input).map((issue) => issue.split(': ')[0])).toEqual([`forRoot().${path}`]);
  });

  it('never tell a secret', () => {
    const act = () =>
      resolve({
        url: 'redis://u:hunter2/@a',
        connections: { a: { password: ['hunter2'] }, b: { pasword: 'hunter2' } },
      });
    expect(act).toThrow('forRoot().connections.b.pasword');
    expect(act).not.toThrow('hunter2');
  });

  it('let a cache in memory name no connection', () => {
    expect(refusal({ caches: { a: { store: 'memory', connection: 'nowhere' } } })).toEqual([]);
  });
});

describe('the namespace', () => {
  const folder = process.cwd();
  let elsewhere: string;

  beforeEach(() => {
    elsewhere = mkdtempSync(join(tmpdir(), 'redis-kit-options-'));
    process.chdir(elsewhere);
  });

  afterEach(() => {
    process.chdir(folder);
    rmSync(elsewhere, { recursive: true });
  });

  const namespace = (environment: NodeJS.ProcessEnv, manifest?: string): string => {
    if (manifest !== undefined) writeFileSync('package.json', manifest);
    return resolve({}, environment).namespace;
  };

  it('is what it is told to be', () => {
    expect(resolve({ namespace: 'shop:live' }, { npm_package_name: 'x' }).namespace).toBe(
      'shop:live',
    );
  });

  it('is the name of the package and the environment otherwise', () => {
    const manifest = '{ "name": "from-file" }';
    expect(namespace({ npm_package_name: 'from-npm', NODE_ENV: 'test' }, manifest)).toBe(
      'from-npm:test',
    );
    expect(namespace({ NODE_ENV: 'production' }, manifest)).toBe('from-file:production');
    expect(namespace({})).toBe('from-file:development');
  });

  it.each(['no JSON', '{}', '{ "name": 7 }', '{ "name": "" }', '[]', 'null'])(
    'is app when package.json holds %j',
    (manifest) => {
      expect(namespace({ NODE_ENV: 'test' }, manifest)).toBe('app:test');
    },
  );

  it('is app without a package.json', () => {
    expect(namespace({})).toBe('app:development');
  });

  it('holds no character a key part cannot have', () => {
    expect(namespace({ npm_package_name: '@acme/{shop}', NODE_ENV: 'e2e test' })).toBe(
      '@acme/-shop-:e2e-test',
    );
  });

  it('keeps environments apart however long the name is', () => {
    const environment = { npm_package_name: 'x'.repeat(214) };
    const test = namespace({ ...environment, NODE_ENV: 'test' });
    const production = namespace({ ...environment, NODE_ENV: 'production' });
    expect(test).not.toBe(production);
    expect(Math.max(test.length, production.length)).toBeLessThanOrEqual(100);
  });
});

import { EventEmitter } from 'node:events';
import { Cluster, Redis } from 'ioredis';
import { describe, expect, it } from '@jest/globals';
import { validateOptions } from '../options/validate-options.js';
import { ConfigurationError } from '../redis-kit.error.js';
import {
  ConnectionOptions,
  describeTarget,
  resolveConnectionOptions,
  type ResolvedConnectionOptions,
} from './connection.options.js';

const ENVIRONMENT = { variable: 'REDIS_URL', url: 'redis://from-environment:7000/5' };

const resolve = (input: object, environment = ENVIRONMENT): ResolvedConnectionOptions =>
  resolveConnectionOptions(
    validateOptions(ConnectionOptions, input, 'connection'),
    'connection',
    environment,
  );

/** `path: expected` of each wrong option. */
function refusal(input: object, environment = ENVIRONMENT): string[] {
  try {
    resolve(input, environment);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.issues.map(({ path, expected }) => `${path}: ${expected}`);
  }
  return [];
}

describe('a connection', () => {
  it('has defaults', () => {
    expect(resolve({ host: 'h' })).toEqual({
      target: { type: 'standalone', host: 'h', port: 6379 },
      username: undefined,
      password: undefined,
      sentinelPassword: undefined,
      db: 0,
      tls: undefined,
      natMap: undefined,
      keepAliveMs: 30_000,
      connectTimeoutMs: 3_000,
      commandTimeoutMs: 5_000,
      protocol: 2,
      autoPipelining: false,
    });
  });

  it('leads where it is told to', () => {
    const nodes = [{ host: 'a', port: 1 }];
    expect(resolve({ host: 'h', port: 1 }).target).toEqual({
      type: 'standalone',
      host: 'h',
      port: 1,
    });
    expect(resolve({ url: 'redis+cluster://a:1' }).target).toEqual({ type: 'cluster', nodes });
    expect(resolve({ cluster: nodes }).target).toEqual({ type: 'cluster', nodes });
    expect(resolve({ sentinels: nodes, name: 'main' }).target).toEqual({
      type: 'sentinel',
      sentinels: nodes,
      name: 'main',
    });
  });

  it('leads where the environment says when it is told nothing', () => {
    expect(resolve({ commandTimeout: '1s' })).toMatchObject({
      target: { host: 'from-environment', port: 7000 },
      db: 5,
      commandTimeoutMs: 1_000,
    });
  });

  it('has what its URL says, and what the options say otherwise', () => {
    const url = 'rediss://u:p@h/3';
    expect(resolve({ url })).toMatchObject({ username: 'u', password: 'p', db: 3, tls: {} });
    expect(resolve({ url, username: 'v', password: 'q', db: 0 })).toMatchObject({
      username: 'v',
      password: 'q',
      db: 0,
    });
    expect(resolve({ url: 'redis://h', tls: true }).tls).toEqual({});
    expect(resolve({ url, tls: { servername: 'x' } }).tls).toEqual({ servername: 'x' });
  });

  it('is described without its credentials', () => {
    const described = (input: object): string => describeTarget(resolve(input).target);
    expect(described({ url: 'redis://u:p@h:1/2' })).toBe('redis://h:1');
    expect(described({ url: 'unix:///run/redis.sock' })).toBe('unix:///run/redis.sock');
    expect(described({ url: 'redis+sentinel://u:p@a,b:2/main' })).toBe(
      'redis+sentinel://a:26379,b:2/main',
    );
    expect(described({ url: 'redis+cluster://u:p@a,[::1]:2' })).toBe(
      'redis+cluster://a:6379,[::1]:2',
    );
    expect(described({ url: 'redis://[::1]' })).toBe('redis://[::1]:6379');
  });
});

describe('a given client', () => {
  it('is used as it is', () => {
    for (const client of [
      new Redis({ lazyConnect: true }),
      new Cluster([{ host: 'h', port: 1 }], { lazyConnect: true }),
    ]) {
      expect(resolve({ client }).target).toEqual({ type: 'client', client });
      client.disconnect();
    }
  });

  it.each([
    ['another driver', Object.assign(new EventEmitter(), { sendCommand() {}, duplicate() {} })],
    ['a class', Redis],
    ['a URL', 'redis://h'],
    ['nothing', null],
  ])('is refused when it is %s', (_, client) => {
    expect(() => resolve({ client })).toThrow('expected an ioredis Redis or Cluster instance');
  });

  it('decides what an option here could only contradict', () => {
    const client = new Redis({ lazyConnect: true });
    const decided = 'nothing, because the given client decides it';
    expect(
      refusal({ client, username: 'u', password: 'p', db: 1, tls: true, protocol: 3 }),
    ).toEqual(
      ['username', 'password', 'db', 'tls', 'protocol'].map(
        (name) => `connection.${name}: ${decided}`,
      ),
    );
    expect(refusal({ client, commandTimeout: '1s', keepAlive: '10s' })).toEqual([]);
    client.disconnect();
  });

  it.each([
    ['a client', () => new Redis({ lazyConnect: true, keyPrefix: 'app:' })],
    ['a Cluster', () => new Cluster([], { lazyConnect: true, keyPrefix: 'app:' })],
    [
      'the nodes of a Cluster',
      () => new Cluster([], { lazyConnect: true, redisOptions: { keyPrefix: 'app:' } }),
    ],
  ])('has no keyPrefix, which would be before some keys and not before others: %s', (_, make) => {
    const client = make();
    expect(() => resolve({ client })).toThrow(
      "connection.client: got keyPrefix 'app:', expected a client without keyPrefix",
    );
    expect(() => resolve({ client })).toThrow("the option 'namespace'");
    client.disconnect();
  });
});

describe('contradictions', () => {
  it.each([
    [{ url: 'redis://h', host: 'h' }, 'connection: one of url, host, sentinels, cluster or client'],
    [
      { host: 'h', cluster: [{ host: 'h', port: 1 }] },
      'connection: one of url, host, sentinels, cluster or client',
    ],
    [{ port: 6380 }, 'connection.port: nothing, because it needs host'],
    [{ url: 'redis://h', port: 6380 }, 'connection.port: nothing, because it needs host'],
    [{ name: 'main' }, 'connection.name: nothing, because it needs sentinels'],
    [
      { url: 'redis+sentinel://h/main', name: 'other' },
      'connection.name: nothing, because it needs sentinels',
    ],
    [{ sentinels: [{ host: 'h', port: 1 }] }, 'connection.name: the name of the master group'],
    [{ sentinels: [], name: 'main' }, 'connection.sentinels: at least one Sentinel'],
    [{ cluster: [] }, 'connection.cluster: at least one node'],
    [
      { cluster: [{ host: 'h', port: 1 }], db: 1 },
      'connection.db: 0: a Redis Cluster has no other database',
    ],
    [
      { url: 'redis+cluster://h', db: 1 },
      'connection.db: 0: a Redis Cluster has no other database',
    ],
    [
      { host: 'h', sentinelPassword: 'p' },
      'connection.sentinelPassword: nothing, because it needs Sentinels',
    ],
    [
      { host: 'h', natMap: {} },
      'connection.natMap: nothing, because it needs Sentinels or a Cluster',
    ],
    [
      { url: 'rediss://h', tls: false },
      'connection.tls: true or TLS options, because the URL says rediss://',
    ],
  ])('of %j are refused', (input, expected) => {
    expect(refusal(input)).toEqual([expected]);
  });

  it('are all told at once', () => {
    expect(
      refusal({ url: 'redis://h', port: 1, name: 'main', sentinelPassword: 'p', natMap: {} }),
    ).toHaveLength(4);
  });

  it('of the environment name the variable and hide its value', () => {
    const environment = { variable: 'REDIS_CACHE_URL', url: 'redis://u:hunter2/x@h' };
    expect(refusal({}, environment)[0]).toMatch(/^REDIS_CACHE_URL: redis:\/\//);
    expect(() => resolve({}, environment)).toThrow('REDIS_CACHE_URL: got (hidden)');
  });

  it('leave alone what belongs to the target', () => {
    const natMap = { '10.0.0.1:6379': { host: 'h', port: 1 } };
    expect(refusal({ url: 'redis+sentinel://h/main', sentinelPassword: 'p', natMap })).toEqual([]);
    expect(refusal({ url: 'redis+cluster://h', db: 0, natMap })).toEqual([]);
  });
});

describe('an address map', () => {
  it.each([
    null,
    [],
    'a',
    { '10.0.0.1:6379': 'h:1' },
    { '10.0.0.1:6379': { host: 'h' } },
    { '10.0.0.1:6379': { host: '', port: 1 } },
    { '10.0.0.1:6379': { host: 'h', port: 0 } },
    { '10.0.0.1': { host: 'h', port: 1 } },
  ])('is refused as %j', (natMap) => {
    expect(() => resolve({ url: 'redis+cluster://h', natMap })).toThrow('connection.natMap: got');
  });
});

describe('ranges', () => {
  it.each([
    ['port', { host: 'h', port: 0 }],
    ['port', { host: 'h', port: 65_536 }],
    ['port', { host: 'h', port: '6379' }],
    ['host', { host: '' }],
    ['db', { host: 'h', db: -1 }],
    ['db', { host: 'h', db: 1.5 }],
    ['url', { url: 'http://h' }],
    ['url', { url: 'redis+sentinel://h/%' }],
    ['protocol', { host: 'h', protocol: 4 }],
    ['tls', { host: 'h', tls: 'yes' }],
    ['tls', { host: 'h', tls: null }],
    ['tls', { host: 'h', tls: ['ca.pem'] }],
    ['keepAlive', { host: 'h', keepAlive: 999 }],
    ['connectTimeout', { host: 'h', connectTimeout: 9 }],
    ['commandTimeout', { host: 'h', commandTimeout: '11m' }],
    [
      'sentinels[1].port',
      {
        sentinels: [
          { host: 'a', port: 1 },
          { host: 'b', port: 0 },
        ],
        name: 'm',
      },
    ],
    ['cluster[0].prot', { cluster: [{ host: 'a', port: 1, prot: 2 }] }],
    ['cluster[0].port', { cluster: [{ host: 'a' }] }],
    ['cluster[0].host', { cluster: [{ port: 1 }] }],
  ])('end at %s of %j', (path, input) => {
    expect(refusal(input).map((issue) => issue.split(': ')[0])).toEqual([`connection.${path}`]);
  });
});

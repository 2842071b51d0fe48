import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { CacheService, RedisKitEvents } from 'nestjs-redis-kit';
import { isolatedNamespace } from 'nestjs-redis-kit/testing';
import { parseEntry } from '../../libs/redis-kit/src/cache/entry.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

const MSGPACK = 1;
const JSON_TEXT = 2;
const BROTLI = 0x80;
const MEGABYTE = 1024 * 1024;

const VALUE = { id: 7, name: 'lantern', list: [1, 2, 3] };

/** Payloads that somebody else put behind tokens that are current. */
const HOSTILE: readonly [title: string, payload: (own: Buffer) => Buffer][] = [
  ['nothing', () => Buffer.alloc(0)],
  ['a payload cut in the middle', (own) => own.subarray(0, own.length - 3)],
  ['a format nobody knows', (own) => Buffer.concat([Buffer.of(0x55), own.subarray(1)])],
  [
    'another codec than the header says',
    (own) => Buffer.concat([Buffer.of(JSON_TEXT), own.subarray(1)]),
  ],
  [
    'what only says it is compressed',
    (own) => Buffer.concat([Buffer.of(MSGPACK | BROTLI), own.subarray(1)]),
  ],
  [
    'a decompression bomb',
    () =>
      Buffer.concat([
        Buffer.of(JSON_TEXT | BROTLI),
        brotliCompressSync(Buffer.alloc(8 * MEGABYTE, 0x20)),
      ]),
  ],
];

describeTopologies('payloads that cannot be trusted', (topology) => {
  let app: INestApplicationContext;
  let cache: CacheService;
  let entryKey: (key: string) => string;
  const errors: string[] = [];

  beforeAll(async () => {
    const namespace = isolatedNamespace();
    entryKey = (key) => `${namespace}:v1:cache:{default:${key}}`;
    app = await startApplication({
      namespace,
      connections: { default: topology.connectionOptions() },
      caches: {
        default: {
          deadline: '10s',
          maxDecodedBytes: MEGABYTE,
          maxValueBytes: 5 * MEGABYTE,
          compressAbove: 100 * MEGABYTE,
        },
      },
    });
    cache = app.get(CacheService);
    app.get(RedisKitEvents).on('cache.error', ({ operation }) => errors.push(operation));
  });

  afterAll(async () => {
    await app.close();
  });

  /** Puts other bytes behind the head of an entry that the cache has stored. */
  async function tamper(key: string, payload: (own: Buffer) => Buffer): Promise<void> {
    const bytes = await topology.admin.getBuffer(entryKey(key));
    const own = parseEntry(bytes!)!.payload;
    const head = bytes!.subarray(0, bytes!.length - own.length);
    await topology.admin.set(entryKey(key), Buffer.concat([head, payload(own)]), 'PX', 60_000);
  }

  it.each(HOSTILE)('are a miss and an event: %s', async (title, payload) => {
    await cache.set(title, VALUE);
    await tamper(title, payload);
    errors.length = 0;
    expect(await cache.lookup(title)).toEqual({ hit: false });
    expect(errors).toEqual(['cache.decode']);
    // And the place can be filled again.
    expect(await cache.getOrSet(title, () => 'made anew')).toBe('made anew');
    expect(await cache.get(title)).toBe('made anew');
  });

  it('change nothing about objects in general', async () => {
    await cache.set('polluter', VALUE);
    const text =
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"name":"x"}';
    await tamper('polluter', () => Buffer.concat([Buffer.of(JSON_TEXT), Buffer.from(text)]));
    const found = (await cache.get<Record<string, unknown>>('polluter')) ?? {};
    expect(found['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['an entry cut within its head', (own: Buffer) => own.subarray(0, 30)],
    ['something that never was an entry', () => Buffer.from('hello')],
  ])('are a miss: %s', async (title, change) => {
    await cache.set(title, VALUE);
    const bytes = await topology.admin.getBuffer(entryKey(title));
    await topology.admin.set(entryKey(title), change(bytes!), 'PX', 60_000);
    expect(await cache.lookup(title)).toEqual({ hit: false });
    expect(await cache.getOrSet(title, () => 'made anew')).toBe('made anew');
    expect(await cache.get(title)).toBe('made anew');
  });

  it('of another type than text are a miss, and never an exception', async () => {
    await topology.admin.hset(entryKey('hash'), 'field', 'value');
    await topology.admin.pexpire(entryKey('hash'), 60_000);
    expect(await cache.get('hash')).toBeUndefined();
    expect(await cache.getOrSet('hash', () => 'made')).toBe('made');
  });

  it('are not made by us: a value above the limit is returned and not stored', async () => {
    const large = 'x'.repeat(5 * MEGABYTE + 1);
    expect(await cache.getOrSet('large', () => large)).toBe(large);
    expect(await cache.lookup('large')).toEqual({ hit: false });
    expect(await cache.set('large', large)).toBe(false);
  });

  it.each([
    ['10 KB', 'k'.repeat(10_240)],
    ['braces', '{a}{b}}'],
    ['colons', 'a:b::c:'],
    ['globs', 'a*b?[c]\\'],
    ['newlines', 'a\r\nb\0c'],
    ['emoji', 'clé-🔑-🏮'],
  ])('are not made of strange keys: %s', async (_, key) => {
    expect(await cache.getOrSet(key, () => VALUE, { tags: [key.slice(0, 100)] })).toEqual(VALUE);
    expect(await cache.get(key)).toEqual(VALUE);
    expect(await cache.get(`${key}x`)).toBeUndefined();
    await cache.invalidateTags(key.slice(0, 100));
    expect(await cache.get(key)).toBeUndefined();
  });
});

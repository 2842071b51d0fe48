import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { KeyvPostgres } from '@keyv/postgres';
import { Keyv } from 'keyv';
import { CacheInvalidationError, CacheService, type CacheOptions } from 'nestjs-redis-kit';
import { cacheContract, eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { gate } from '../support/gate.js';

/** What a cache answers is tried here, not how fast: a busy machine must not look like an outage. */
const PATIENT = { deadline: '20s', invalidationDeadline: '20s' } as const;

describe('a cache in PostgreSQL, by Keyv', () => {
  let pglite: PGlite;
  let server: PGLiteSocketServer;
  let keyv: Keyv;

  beforeAll(async () => {
    pglite = await PGlite.create();
    server = new PGLiteSocketServer({ db: pglite, port: 0, host: '127.0.0.1', maxConnections: 10 });
    await server.start();
    keyv = open();
  });

  afterAll(async () => {
    await keyv?.disconnect();
    await server?.stop();
    await pglite?.close();
  });

  // PGlite serves one client at a time.
  const open = () =>
    new Keyv(
      new KeyvPostgres({ uri: `postgres://postgres@${server.getServerConn()}/postgres`, max: 1 }),
    );

  /** An application that has no Redis at all. */
  const start = (options: CacheOptions, namespace = isolatedNamespace()) =>
    startApplication({
      namespace,
      connect: 'lazy',
      url: 'redis://127.0.0.1:1',
      caches: { default: { store: keyv, ...PATIENT, ...options } },
    });

  const contract = cacheContract(
    async (options) => {
      const app = await start(options);
      return { cache: app.get(CacheService), dispose: () => app.close() };
    },
    { shortTtlMs: 1_000 },
  );

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());

  it('keeps rows of text in the table of the Keyv, each with its end', async () => {
    const app = await start({}, 'rows');
    await app.get(CacheService).set('key', { price: 1 }, { tags: ['tag'] });
    const { rows } = await pglite.query<{ key: string; value: string }>(
      `SELECT key, value FROM keyv WHERE key LIKE 'keyv:rows:%' ORDER BY key`,
    );
    expect(rows.map(({ key }) => key)).toEqual([
      'keyv:rows:v1:cache-epoch:{default}',
      'keyv:rows:v1:cache-tag:{default:tag}',
      'keyv:rows:v1:cache:{default:key}',
    ]);
    for (const { value } of rows) {
      expect(JSON.parse(value)).toEqual({
        value: expect.stringMatching(/^[\w+/]+=*$/),
        expires: expect.any(Number),
      });
    }
    await app.close();
  });

  describe('shared by two processes', () => {
    let apps: INestApplicationContext[];
    let here: CacheService;
    let there: CacheService;

    beforeAll(async () => {
      const namespace = isolatedNamespace();
      apps = [await start({}, namespace), await start({}, namespace)];
      [here, there] = apps.map((app) => app.get(CacheService)) as [CacheService, CacheService];
    });

    afterAll(async () => {
      for (const app of apps) await app.close();
    });

    it('shows each what the other has stored and deleted', async () => {
      await here.set('shared', 1);
      expect(await there.get('shared')).toBe(1);
      expect(await there.delete('shared')).toBe(true);
      expect(await here.lookup('shared')).toEqual({ hit: false });
    });

    it.each([
      { by: 'invalidateTags', invalidate: () => there.invalidateTags('tag') },
      { by: 'clear', invalidate: () => there.clear() },
    ])('keeps out what was read before the other process’ $by', async ({ by, invalidate }) => {
      const held = gate<string>();
      const late = here.getOrSet(by, held.factory, { tags: ['tag'] });
      await held.entered;
      await invalidate();
      held.open('old');
      expect(await late).toBe('old');
      expect(await there.lookup(by)).toEqual({ hit: false });
      expect(await here.lookup(by)).toEqual({ hit: false });
    });
  });

  it('answers from the factory while the database is away, and applies afterwards what it missed', async () => {
    const replayed: number[] = [];
    const app = await startApplication({
      connect: 'lazy',
      url: 'redis://127.0.0.1:1',
      caches: { default: { store: keyv, ...PATIENT } },
      onEvents: { 'cache.invalidations-replayed': ({ count }) => void replayed.push(count) },
    });
    const cache = app.get(CacheService);
    await cache.set('key', 'old');
    await server.stop();
    expect(await cache.getOrSet('key', () => 'from the source')).toBe('from the source');
    expect(await cache.set('other', 1)).toBe(false);
    await expect(cache.delete('key')).rejects.toBeInstanceOf(CacheInvalidationError);
    expect(cache.pendingInvalidations).toBe(1);
    await server.start();
    await eventually(() => expect(replayed).toEqual([1]), { within: 30_000 });
    await eventually(async () => (await cache.set('other', 1)) === true, { within: 30_000 });
    expect(await cache.lookup('key')).toEqual({ hit: false });
    await app.close();
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { and, eq, gt } from 'drizzle-orm';
import { integer, pgTable, QueryBuilder, text } from 'drizzle-orm/pg-core';
import {
  CacheKeyError,
  CacheService,
  ConfigurationError,
  inTransaction,
  QueryCache,
  RedisKitModule,
  type SqlText,
} from '../index.js';

const table = pgTable('products', { id: text(), price: integer() });

describe('a query cache', () => {
  let app: INestApplicationContext;
  let cache: CacheService;
  let queries: QueryCache;
  let runs: number;

  const run = async () => (runs++, [{ id: `row ${runs}` }]);
  const select = (params: readonly unknown[] = [], sql = 'select 1'): SqlText => ({
    text: sql,
    params,
  });

  beforeEach(async () => {
    runs = 0;
    class AppModule {}
    app = await NestFactory.createApplicationContext(
      {
        module: AppModule,
        imports: [
          RedisKitModule.forRoot({ connect: 'lazy', caches: { default: { store: 'memory' } } }),
        ],
      },
      { logger: false, abortOnError: false },
    );
    cache = app.get(CacheService);
    queries = new QueryCache(cache, { name: 'products', tags: ['products'] });
  });
  afterEach(() => app.close());

  it('asks once for the same text and parameters', async () => {
    expect(await queries.rows(select(['a', 1]), run)).toEqual([{ id: 'row 1' }]);
    expect(await queries.rows(select(['a', 1]), run)).toEqual([{ id: 'row 1' }]);
    expect(runs).toBe(1);
  });

  it('tells apart other texts, and parameters of other values, types, order and grouping', async () => {
    const different: SqlText[] = [
      select(),
      select([], 'select 2'),
      ...[
        [1],
        ['1'],
        [1n],
        [true],
        ['true'],
        [null],
        [undefined],
        ['null'],
        [new Date(1)],
        [new Date(1).toISOString()],
        ['a', 'b'],
        ['b', 'a'],
        ['a,b'],
        [['a', 'b']],
        [[]],
        ['', ''],
        [Buffer.from('a')],
        ['a'],
      ].map((params) => select(params)),
    ];
    const answers = new Set<string>();
    for (const query of different) answers.add((await queries.rows(query, run))[0]!.id);
    expect(answers.size).toBe(different.length);
    for (const query of different) await queries.rows(query, run);
    expect(runs).toBe(different.length);
  });

  it('keeps counts apart from rows', async () => {
    await queries.rows(select(), run);
    expect(await queries.count(select(), async () => 42)).toBe(42);
    expect(await queries.count(select(), async () => 43)).toBe(42);
    expect(await queries.rows(select(), run)).toEqual([{ id: 'row 1' }]);
  });

  it('keys a Drizzle query by its SQL and parameters', async () => {
    const query = (id: string, price: number) =>
      new QueryBuilder()
        .select()
        .from(table)
        .where(and(eq(table.id, id), gt(table.price, price)));
    expect(query('a', 1).toSQL().params).toEqual(['a', 1]);
    expect(await queries.rows(query('a', 1), run)).toEqual([{ id: 'row 1' }]);
    expect(await queries.rows(query('a', 1), run)).toEqual([{ id: 'row 1' }]);
    expect(await queries.rows(query('a', 2), run)).toEqual([{ id: 'row 2' }]);
    expect(runs).toBe(2);
  });

  it('takes the shapes of Kysely and TypeORM, and shares an answer with the same SQL', async () => {
    const kysely = { compile: () => ({ sql: 'select $1', parameters: ['a'] }), execute: run };
    const typeOrm = {
      getQueryAndParameters: (): [string, unknown[]] => ['select $1', ['a']],
      getMany: run,
    };
    await queries.rows(kysely);
    await queries.rows(typeOrm, { ttl: '1s' });
    await queries.rows(select(['a'], 'select $1'), run);
    expect(runs).toBe(1);
  });

  it('is invalid by its tags, by its own name, and by the tags of one call', async () => {
    const ask = () => queries.rows(select(), run, { tags: ['toys'] });
    for (const invalidate of [
      () => queries.invalidate(),
      () => cache.invalidateTags('products'),
      () => cache.invalidateTags('toys'),
    ]) {
      await ask();
      const before = runs;
      await invalidate();
      await ask();
      expect(runs).toBe(before + 1);
    }
  });

  it('in a transaction asks the source, and invalidates after the commit', async () => {
    await queries.rows(select(), run);
    await inTransaction(async () => {
      expect(await queries.rows(select(), run)).toEqual([{ id: 'row 2' }]);
      await queries.invalidate();
    });
    expect(await queries.rows(select(), run)).toEqual([{ id: 'row 3' }]);
  });

  it('refuses what tells no SQL, cannot run, or has no proper name', async () => {
    await expect(queries.rows({} as SqlText, run)).rejects.toThrow(CacheKeyError);
    await expect(queries.rows(select() as never)).rejects.toThrow(/cannot run itself/);
    expect(() => new QueryCache(cache, { name: '' })).toThrow(ConfigurationError);
  });
});

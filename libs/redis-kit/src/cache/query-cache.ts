import { CacheKeyError } from './cache.errors.js';
import type { CacheService } from './cache.service.js';
import { assertCacheName } from './entity-cache.js';
import type { CacheCallOptions } from './cache-calls.js';
import { assertFreshness, freshnessIn, type CallFreshness } from './freshness.options.js';
import { afterCommit, isInTransaction } from './in-transaction.js';
import { sqlDigest, sqlOf, type SqlSource } from './sql-text.js';

export interface QueryCacheOptions extends CallFreshness {
  /** First part of every key. */
  readonly name: string;
  /** Tags of every answer, besides `query:<name>`. */
  readonly tags?: readonly string[] | undefined;
}

/** A query that runs itself: one of Drizzle is awaited, one of Kysely has `execute()`, one of TypeORM `getMany()`. */
export type RunnableQuery<T> = SqlSource &
  (PromiseLike<readonly T[]> | { execute(): Promise<T[]> } | { getMany(): Promise<T[]> });

/** Options of one query, instead of those of the query cache; its tags are further ones. */
export interface QueryCallOptions extends CacheCallOptions {}

/**
 * Answers of SQL queries: `new QueryCache(cache, { name: 'products', tags: ['products'] })`.
 *
 * The key is a digest of the SQL and of the parameters, types included, so two queries share an answer only when they ask
 * the same. What an answer depends on is not read from the SQL: give it tags, and invalidate them, or call
 * `invalidate()`, after a change. Inside `inTransaction` queries go to the source.
 */
export class QueryCache {
  readonly #freshness: CallFreshness;

  constructor(
    private readonly cache: CacheService,
    private readonly options: QueryCacheOptions,
  ) {
    assertCacheName('QueryCache', options.name);
    assertFreshness(options);
    this.#freshness = freshnessIn(options);
  }

  /** The rows of a query; a query that cannot run itself needs `run`. */
  async rows<T>(query: RunnableQuery<T>, options?: QueryCallOptions): Promise<T[]>;
  async rows<T>(
    query: SqlSource,
    run: () => PromiseLike<readonly T[]>,
    options?: QueryCallOptions,
  ): Promise<T[]>;
  async rows<T>(
    query: SqlSource,
    second: (() => PromiseLike<readonly T[]>) | QueryCallOptions = {},
    third: QueryCallOptions = {},
  ): Promise<T[]> {
    const isRun = typeof second === 'function';
    const run = isRun ? second : () => runItself<T>(query);
    const rows = await this.#read('rows', query, run, isRun ? third : second);
    return rows as T[];
  }

  /** What `run` counts for a query: the one that counts, or the one whose rows are counted. Kept apart from its rows. */
  async count(
    query: SqlSource,
    run: () => PromiseLike<number>,
    options: QueryCallOptions = {},
  ): Promise<number> {
    return this.#read('count', query, run, options);
  }

  /**
   * Makes every answer of this query cache invalid, with one command. Inside `inTransaction` it does so after the commit.
   *
   * @throws CacheInvalidationError when Redis did not take it; it is queued.
   */
  async invalidate(): Promise<void> {
    await afterCommit(() => this.cache.invalidateTags(this.#ownTag));
  }

  async #read<T>(
    kind: 'rows' | 'count',
    query: SqlSource,
    run: () => PromiseLike<T>,
    options: QueryCallOptions,
  ): Promise<T> {
    if (isInTransaction()) return run();
    const key = `${this.options.name}:${kind}:${sqlDigest(sqlOf(query))}`;
    return this.cache.getOrSet(key, async () => run(), {
      ...this.#freshness,
      ...freshnessIn(options),
      tags: [this.#ownTag, ...(this.options.tags ?? []), ...(options.tags ?? [])],
    });
  }

  get #ownTag(): string {
    return `query:${this.options.name}`;
  }
}

function runItself<T>(query: object): PromiseLike<readonly T[]> {
  const runnable = query as Record<string, unknown>;
  if (typeof runnable['then'] === 'function') return query as PromiseLike<readonly T[]>;
  for (const method of ['execute', 'getMany']) {
    const run = runnable[method];
    if (typeof run === 'function') return run.call(query) as PromiseLike<readonly T[]>;
  }
  throw new CacheKeyError('This query cannot run itself: give rows() a function that runs it');
}

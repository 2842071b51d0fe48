import { toMs, type Duration } from '../core/duration.js';
import {
  Is,
  IsDuration,
  IsFlag,
  IsIntegerBetween,
  IsOneOf,
  IsText,
} from '../core/options/constraints.js';
import { Nested } from '../core/options/nested.js';
import type { Freshness } from './freshness.js';
import { FreshnessOptions, resolveFreshness } from './freshness.options.js';
import { isKeyv, type KeyvLike } from './stores/keyv-like.js';

/** Options of the memory in front of a Redis cache. */
export class L1Options {
  /**
   * Most values held; the least recently used one goes first.
   * @default 1000
   */
  @IsIntegerBetween(1, 10_000_000)
  maxEntries?: number | undefined;

  /**
   * Most bytes held, counted as stored in Redis.
   * @default 67108864
   */
  @IsIntegerBetween(1, Number.MAX_SAFE_INTEGER)
  maxBytes?: number | undefined;
}

/** Options of one cache. */
export class CacheOptions extends FreshnessOptions {
  /**
   * How long a value is fresh. Every entry expires: with its `ttl`, or with the stale time allowed after it.
   * @default '5m'
   */
  @IsDuration({ min: 1 })
  ttl?: Duration | undefined;

  /**
   * Where values live: in Redis, shared by all processes, in the memory of this process, or in a `Keyv` of yours, such as
   * one of `@keyv/postgres`, which promises less. Its `throwOnErrors` is set, and it is not closed.
   * @default 'redis'
   */
  @Is(
    '"redis", "memory" or a Keyv',
    (store) => store === 'redis' || store === 'memory' || isKeyv(store),
  )
  store?: 'redis' | 'memory' | KeyvLike | undefined;

  /**
   * Named connection of a `redis` store.
   * @default 'default'
   */
  @IsText()
  connection?: string | undefined;

  /**
   * Keeps values in the memory of this process too, coherent by Redis' own invalidation messages. Such values are frozen.
   * For what is read far more often than written.
   * @default none
   */
  @Nested(() => L1Options)
  l1?: L1Options | undefined;

  /**
   * Keeps what was read for the rest of a request, in a scope opened by `CacheMemoMiddleware`, `CacheMemoInterceptor` or
   * `runWithMemo`: asked again there, the same value is answered. Such values are frozen.
   * @default false
   */
  @IsFlag()
  memo?: boolean | undefined;

  /**
   * Number of the form of the values. Begin with 1, and count it up by one with a deployment that stores another form
   * under the same keys: old and new processes then have values of their own, and each reaches those of the other by
   * `delete`, `expire`, `invalidateTags` and `clear`.
   * @default none: the keys of version 1, and no other version is reached by `delete` and `expire`
   */
  @IsIntegerBetween(1, 1_000_000)
  version?: number | undefined;

  /**
   * Whether current tokens are remembered, kept coherent by a link to each master; otherwise they are read with each
   * entry. Needed by `l1`.
   * @default true
   */
  @IsFlag()
  tracking?: boolean | undefined;

  /**
   * Most entries a `memory` store holds; the least recently used one goes first.
   * @default 10000
   */
  @IsIntegerBetween(1, 10_000_000)
  maxEntries?: number | undefined;

  /**
   * Most time Redis may take of one call, all steps together. After it the call goes on without Redis.
   * @default '100ms'
   */
  @IsDuration({ min: 1, max: '1m' })
  deadline?: Duration | undefined;

  /**
   * Longest wait for Redis when a value is deleted. After it `delete` fails.
   * @default '1s'
   */
  @IsDuration({ min: 1, max: '1m' })
  invalidationDeadline?: Duration | undefined;

  /**
   * How soon others take over from a process that died while it made a value. Renewed for as long as the factory runs.
   * @default '3s'
   */
  @IsDuration({ min: '100ms', max: '1h' })
  lease?: Duration | undefined;

  /**
   * How long a factory may take and still have its value stored: for so long its lease is renewed. A slower one still
   * answers its callers, and others make the value in its place.
   * @default '1m'
   */
  @IsDuration({ min: '100ms', max: '1d' })
  leaseLimit?: Duration | undefined;

  /**
   * Longest wait for a value that another process is making. After it the call runs its own factory, unstored.
   * @default '5s'
   */
  @IsDuration({ min: 0, max: '5m' })
  leaderWait?: Duration | undefined;

  /**
   * Form of stored values. `msgpack` keeps Date, Map, Set, BigInt and undefined; `json` keeps what JSON can hold.
   * @default 'msgpack'
   */
  @IsOneOf(['msgpack', 'json'])
  codec?: 'msgpack' | 'json' | undefined;

  /**
   * Values above this many bytes are compressed (brotli).
   * @default 8192
   */
  @IsIntegerBetween(0, Number.MAX_SAFE_INTEGER)
  compressAbove?: number | undefined;

  /**
   * Largest stored value in bytes. A larger one is returned to the caller and not stored.
   * @default 5242880
   */
  @IsIntegerBetween(1, 512 * 1024 * 1024)
  maxValueBytes?: number | undefined;

  /**
   * Largest value in bytes after decompression. A larger one counts as a miss.
   * @default 67108864
   */
  @IsIntegerBetween(1, 1024 * 1024 * 1024)
  maxDecodedBytes?: number | undefined;
}

export interface ResolvedCacheOptions {
  readonly ttlMs: number;
  readonly freshness: Freshness;
  readonly store: 'redis' | 'memory' | KeyvLike;
  readonly connection: string;
  readonly l1: { readonly maxEntries: number; readonly maxBytes: number } | undefined;
  readonly memo: boolean;
  readonly version: number | undefined;
  readonly tracking: boolean;
  readonly maxEntries: number;
  readonly deadlineMs: number;
  readonly invalidationDeadlineMs: number;
  readonly leaseMs: number;
  readonly leaseLimitMs: number;
  readonly leaderWaitMs: number;
  readonly codec: 'msgpack' | 'json';
  readonly compressAbove: number;
  readonly maxValueBytes: number;
  readonly maxDecodedBytes: number;
}

export function resolveCacheOptions(options: CacheOptions): ResolvedCacheOptions {
  const ttlMs = toMs(options.ttl ?? '5m');
  return {
    ttlMs,
    freshness: resolveFreshness(options, ttlMs),
    store: options.store ?? 'redis',
    connection: options.connection ?? 'default',
    l1: options.l1 && {
      maxEntries: options.l1.maxEntries ?? 1_000,
      maxBytes: options.l1.maxBytes ?? 64 * 1024 * 1024,
    },
    memo: options.memo ?? false,
    version: options.version,
    tracking: options.tracking ?? true,
    maxEntries: options.maxEntries ?? 10_000,
    deadlineMs: toMs(options.deadline ?? '100ms'),
    invalidationDeadlineMs: toMs(options.invalidationDeadline ?? '1s'),
    leaseMs: toMs(options.lease ?? '3s'),
    leaseLimitMs: toMs(options.leaseLimit ?? '1m'),
    leaderWaitMs: toMs(options.leaderWait ?? '5s'),
    codec: options.codec ?? 'msgpack',
    compressAbove: options.compressAbove ?? 8_192,
    maxValueBytes: options.maxValueBytes ?? 5 * 1024 * 1024,
    maxDecodedBytes: options.maxDecodedBytes ?? 64 * 1024 * 1024,
  };
}

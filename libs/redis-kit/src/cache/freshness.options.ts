import { toMs, type Duration } from '../core/duration.js';
import { Is, IsDuration, IsFlag } from '../core/options/constraints.js';
import { Nested } from '../core/options/nested.js';
import type { Freshness } from './freshness.js';

/** Bounds of one run of a factory. A run that is answered without it goes on, and its value is stored if it still may be. */
export class FactoryTimeoutOptions {
  /**
   * After this long the stale value is answered instead, where `staleIfError` allows it.
   * @default no bound
   */
  @IsDuration({ min: 1 })
  soft?: Duration | undefined;

  /**
   * After this long the call fails with `FactoryTimeoutError`, and the `signal` of the factory aborts.
   * @default no bound
   */
  @IsDuration({ min: 1 })
  hard?: Duration | undefined;
}

/** How fresh values are, and when older ones may be served. Of a cache, or of one call. */
export class FreshnessOptions {
  /**
   * How long a value is served after its `ttl` while one process makes it anew in the background.
   * @default 0
   */
  @IsDuration()
  staleWhileRevalidate?: Duration | undefined;

  /**
   * How long a value is served after its `ttl` when its factory fails, or takes longer than `factoryTimeout.soft`.
   * @default 0
   */
  @IsDuration()
  staleIfError?: Duration | undefined;

  /**
   * Whether a stale value may stand in for this error; `false` lets the error through.
   * @default every error
   */
  @Is('a function of the error', (value) => typeof value === 'function')
  shouldServeStale?: ((error: unknown) => boolean) | undefined;

  /**
   * How long callers wait for a factory.
   * @default no bound
   */
  @Nested(() => FactoryTimeoutOptions)
  factoryTimeout?: FactoryTimeoutOptions | undefined;

  /**
   * Makes values anew shortly before they are stale, at a random moment, the earlier the longer their factory takes
   * (XFetch). 1 suits most; more is earlier, 0 is never.
   * @default 0
   */
  @Is('a number from 0 to 100', (value) => isNumberBetween(value, 0, 100))
  earlyRefresh?: number | undefined;

  /**
   * The `ttl` of each value is shortened by a random part of it, up to this fraction, so that values made together do
   * not end together. Never lengthened.
   * @default 0.05
   */
  @Is('a number from 0 to 0.9', (value) => isNumberBetween(value, 0, 0.9))
  jitter?: number | undefined;

  /**
   * The `ttl` of `null` and `undefined`.
   * @default that of other values
   */
  @IsDuration({ min: 1 })
  nullTtl?: Duration | undefined;

  /**
   * How long an error of the factory is answered with `CachedFactoryError` before the factory is asked again. Name and
   * message of the error are stored, credentials in addresses removed, and nothing else. 0: errors are not stored.
   * @default 0
   */
  @IsDuration()
  errorTtl?: Duration | undefined;

  /**
   * Reads the value and its tokens from Redis each time, and joins no call in progress: for reads that must see at once
   * what another process has invalidated. Without it they may be behind for as long as a message travels.
   * @default false
   */
  @IsFlag()
  strict?: boolean | undefined;
}

function isNumberBetween(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

/** Defaults of a cache. */
export function resolveFreshness(options: FreshnessOptions, ttlMs: number): Freshness {
  return {
    ttlMs,
    nullTtlMs: optionalMs(options.nullTtl),
    errorTtlMs: toMs(options.errorTtl ?? 0),
    jitter: options.jitter ?? 0.05,
    staleWhileRevalidateMs: toMs(options.staleWhileRevalidate ?? 0),
    staleIfErrorMs: toMs(options.staleIfError ?? 0),
    shouldServeStale: options.shouldServeStale ?? (() => true),
    softTimeoutMs: optionalMs(options.factoryTimeout?.soft) ?? Infinity,
    hardTimeoutMs: optionalMs(options.factoryTimeout?.hard) ?? Infinity,
    earlyRefresh: options.earlyRefresh ?? 0,
    isStrict: options.strict ?? false,
  };
}

const NAMES: Record<keyof FreshnessOptions | 'ttl', true> = {
  ttl: true,
  staleWhileRevalidate: true,
  staleIfError: true,
  shouldServeStale: true,
  factoryTimeout: true,
  earlyRefresh: true,
  jitter: true,
  nullTtl: true,
  errorTtl: true,
  strict: true,
};

/** Of options of any kind, those that are about freshness and given. */
export const freshnessIn = (options: object): CallFreshness =>
  Object.fromEntries(
    Object.entries(options).filter(([name, value]) => name in NAMES && value !== undefined),
  );

/** What one call may say of freshness. */
export interface CallFreshness extends FreshnessOptions {
  /** How long the value is fresh; default: the cache's `ttl`. */
  readonly ttl?: Duration | undefined;
}

/**
 * What one call asks for, on top of its cache's defaults.
 *
 * @throws RangeError when an option is out of its range.
 */
export function freshnessOf(defaults: Freshness, options: CallFreshness): Freshness {
  if (isWithout(options)) return defaults;
  const { factoryTimeout } = options;
  return {
    ttlMs: ttlOf('ttl', options.ttl) ?? defaults.ttlMs,
    nullTtlMs: ttlOf('nullTtl', options.nullTtl) ?? defaults.nullTtlMs,
    errorTtlMs: optionalMs(options.errorTtl) ?? defaults.errorTtlMs,
    jitter: within('jitter', options.jitter, 0.9) ?? defaults.jitter,
    staleWhileRevalidateMs:
      optionalMs(options.staleWhileRevalidate) ?? defaults.staleWhileRevalidateMs,
    staleIfErrorMs: optionalMs(options.staleIfError) ?? defaults.staleIfErrorMs,
    shouldServeStale: options.shouldServeStale ?? defaults.shouldServeStale,
    softTimeoutMs: ttlOf('factoryTimeout.soft', factoryTimeout?.soft) ?? defaults.softTimeoutMs,
    hardTimeoutMs: ttlOf('factoryTimeout.hard', factoryTimeout?.hard) ?? defaults.hardTimeoutMs,
    earlyRefresh: within('earlyRefresh', options.earlyRefresh, 100) ?? defaults.earlyRefresh,
    isStrict: options.strict ?? defaults.isStrict,
  };
}

/**
 * Fails while a class is loaded or made, rather than at its first call.
 *
 * @throws RangeError when an option is out of its range.
 */
export function assertFreshness(options: CallFreshness): void {
  freshnessOf(resolveFreshness({}, 1), freshnessIn(options));
}

function isWithout(options: object): boolean {
  for (const name in options) if (name !== 'tags') return false;
  return true;
}

const optionalMs = (duration: Duration | undefined): number | undefined =>
  duration === undefined ? undefined : toMs(duration);

/**
 * Milliseconds of a time to live.
 *
 * @throws RangeError when it is shorter than 1 ms.
 */
export function ttlOf(name: string, duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const ms = toMs(duration);
  if (!(ms >= 1))
    throw new RangeError(`A ${name} is at least 1 ms, got ${JSON.stringify(duration)}`);
  return ms;
}

function within(name: string, value: number | undefined, max: number): number | undefined {
  if (value !== undefined && !isNumberBetween(value, 0, max)) {
    throw new RangeError(`${name} is a number from 0 to ${max}, got ${String(value)}`);
  }
  return value;
}

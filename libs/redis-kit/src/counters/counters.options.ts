import { parseDuration, toMs, type Duration } from '../core/duration.js';
import { Is, IsDuration, IsIntegerBetween, IsText } from '../core/options/constraints.js';
import { isWindow, windowOf, type Window, type WindowLength } from '../core/time-window.js';

/**
 * What counts are kept apart by: spans of a fixed length, counted from 1970 in UTC, or days, weeks (from Monday) and
 * months of the calendar in a time zone.
 */
export type CounterWindow = WindowLength;

export const WINDOW_FORMS = "a duration from '1s' to '366d', or one of 'day', 'week', 'month'";
export const TTL_FORMS = "a duration of at least '1s' and at most '3650d', or 'never'";
/** One read asks for no more periods than this. */
export const MOST_PERIODS = 10_000;

/** True for a time to live, and for the word that there is none. */
export function isTtl(value: unknown): boolean {
  if (value === 'never') return true;
  const ms = parseDuration(value);
  return ms !== undefined && ms >= 1_000 && ms <= 3_650 * 86_400_000;
}

/** Milliseconds; undefined for 'never'. */
export const ttlMsOf = (ttl: Duration | 'never'): number | undefined =>
  ttl === 'never' ? undefined : toMs(ttl);

/** Options of `CounterService`. */
export class CounterOptions {
  /**
   * Named connection of counters, leaderboards and request tracking.
   * @default 'default'
   */
  @IsText()
  connection?: string | undefined;

  /**
   * How long a count without a window is kept after its last change; 'never' keeps it until it is reset.
   * @default '30d'
   */
  @Is(TTL_FORMS, isTtl)
  ttl?: Duration | 'never' | undefined;

  /**
   * How many periods of a window are kept, the current one included.
   * @default 100
   */
  @IsIntegerBetween(1, MOST_PERIODS)
  keep?: number | undefined;

  /**
   * Most names in a group, and in each of its periods. A new name beyond it is refused.
   * @default 1000
   */
  @IsIntegerBetween(1, 100_000)
  maxNames?: number | undefined;

  /**
   * Longest wait for Redis in one call. After it the call rejects, and may have been counted.
   * @default '1s'
   */
  @IsDuration({ min: 1, max: '1m' })
  deadline?: Duration | undefined;

  /**
   * How often the counts of `tally` are sent.
   * @default '1s'
   */
  @IsDuration({ min: '10ms', max: '1m' })
  flushEvery?: Duration | undefined;

  /**
   * Most different counters whose counts wait to be sent. Counts of further ones are dropped, and `counters.dropped` says so.
   * @default 10000
   */
  @IsIntegerBetween(1, 1_000_000)
  maxPending?: number | undefined;
}

export interface ResolvedCounterOptions {
  readonly connection: string;
  readonly ttlMs: number | undefined;
  readonly keep: number;
  readonly maxNames: number;
  readonly deadlineMs: number;
  readonly flushEveryMs: number;
  readonly maxPending: number;
}

export function resolveCounterOptions(options: CounterOptions = {}): ResolvedCounterOptions {
  return {
    connection: options.connection ?? 'default',
    ttlMs: ttlMsOf(options.ttl ?? '30d'),
    keep: options.keep ?? 100,
    maxNames: options.maxNames ?? 1_000,
    deadlineMs: toMs(options.deadline ?? '1s'),
    flushEveryMs: toMs(options.flushEvery ?? '1s'),
    maxPending: options.maxPending ?? 10_000,
  };
}

/** Options of `RequestTrackingMiddleware` and `RequestStats`. */
export class RequestTrackingOptions {
  /**
   * What requests are counted by.
   * @default '1m'
   */
  @Is(WINDOW_FORMS, isWindow)
  window?: CounterWindow | undefined;

  /**
   * How many periods are kept, the current one included.
   * @default 180
   */
  @IsIntegerBetween(1, MOST_PERIODS)
  keep?: number | undefined;

  /**
   * Most different routes that one process counts by name; further ones are counted as 'other'.
   * @default 200
   */
  @IsIntegerBetween(1, 10_000)
  maxRoutes?: number | undefined;
}

export interface ResolvedRequestTrackingOptions {
  readonly window: Window;
  readonly keep: number;
  readonly maxRoutes: number;
}

export function resolveRequestTrackingOptions(
  options: RequestTrackingOptions = {},
): ResolvedRequestTrackingOptions {
  return {
    window: windowOf(options.window ?? '1m'),
    keep: options.keep ?? 180,
    maxRoutes: options.maxRoutes ?? 200,
  };
}

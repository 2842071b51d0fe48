import type { Duration } from '../core/duration.js';
import { Is, IsIntegerBetween, IsOneOf } from '../core/options/constraints.js';
import { isTimeZone, isWindow, windowOf, type Window } from '../core/time-window.js';
import { isTtl, TTL_FORMS, ttlMsOf, WINDOW_FORMS, type CounterWindow } from './counters.options.js';

/** Options of one leaderboard. Every process must use the same for a board. */
export class LeaderboardOptions {
  /**
   * Which score ranks first.
   * @default 'highest'
   */
  @IsOneOf(['highest', 'lowest'])
  best?: 'highest' | 'lowest' | undefined;

  /**
   * Most members. Whoever ranks behind is taken off in the same step.
   * @default 10000
   */
  @IsIntegerBetween(1, 10_000_000)
  maxSize?: number | undefined;

  /**
   * How long a board without a period is kept after its last submission; 'never' keeps it until it is reset.
   * @default '30d'
   */
  @Is(TTL_FORMS, isTtl)
  ttl?: Duration | 'never' | undefined;

  /**
   * A board for each day, week or month of the calendar, or for each span of this length.
   * @default one board of all time
   */
  @Is(WINDOW_FORMS, isWindow)
  period?: CounterWindow | undefined;

  /**
   * Time zone of a 'day', 'week' or 'month'.
   * @default 'UTC'
   */
  @Is("a time zone that this process knows, such as 'Europe/London'", isTimeZone)
  timeZone?: string | undefined;

  /**
   * How many periods are kept, the current one included.
   * @default 2
   */
  @IsIntegerBetween(1, 1_000)
  keep?: number | undefined;
}

export interface ResolvedLeaderboardOptions {
  /** Scores are kept as weights, of which the smallest ranks first: -1 times the score where the highest is best. */
  readonly sign: 1 | -1;
  readonly maxSize: number;
  readonly ttlMs: number | undefined;
  readonly window: Window | undefined;
  readonly keep: number;
}

export function resolveLeaderboardOptions(
  options: LeaderboardOptions = {},
): ResolvedLeaderboardOptions {
  return {
    sign: options.best === 'lowest' ? 1 : -1,
    maxSize: options.maxSize ?? 10_000,
    ttlMs: ttlMsOf(options.ttl ?? '30d'),
    window: options.period === undefined ? undefined : windowOf(options.period, options.timeZone),
    keep: options.keep ?? 2,
  };
}

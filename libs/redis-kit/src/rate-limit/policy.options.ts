import { parseDuration, type Duration } from '../core/duration.js';
import {
  Is,
  IsDuration,
  IsFlag,
  IsIntegerBetween,
  IsOneOf,
  IsText,
  Required,
} from '../core/options/constraints.js';
import { Nested } from '../core/options/nested.js';
import { isTimeZone } from '../core/time-window.js';

/**
 * How requests are counted.
 *
 * `token-bucket`: a steady rate with bursts (GCRA). `sliding-window`: at most `limit` in *any* window of length `per`.
 * `fixed-window`: `limit` in a window that begins with the first request. `quota`: `limit` in a calendar day or month.
 * `concurrency`: at most `limit` at the same time.
 */
export type RateLimitAlgorithm =
  'token-bucket' | 'sliding-window' | 'fixed-window' | 'concurrency' | 'quota';

/** What happens to requests while Redis is away: a limiter in this process, everything passes, nothing passes. */
export type RateLimitInsurance = 'local' | 'open' | 'closed';

/** Longest period, and longest time a full bucket may take to drain: with it the microseconds of the server's clock stay exact. */
const LONGEST_PERIOD = '3650d';
export const LARGEST_LIMIT = 1_000_000_000;
/** Names stand in keys and in headers. */
const POLICY_NAME = /^[\w.-]{1,64}$/;

/** After a denial everything is denied for a while; longer each time it happens again. */
export class RateLimitBlockOptions {
  /** How long the first block lasts. */
  @Required('how long the first block lasts')
  @IsDuration({ min: '1s', max: '365d' })
  for!: Duration;

  /**
   * Each block that follows lasts this many times longer.
   * @default 1
   */
  @IsIntegerBetween(1, 100)
  factor?: number | undefined;

  /**
   * Longest block.
   * @default '1d', or `for` when that is longer
   */
  @IsDuration({ min: '1s', max: '365d' })
  max?: Duration | undefined;

  /**
   * How long after its end a block is remembered; the next one after that is a first one again.
   * @default as long as the longest block, or 0 without a `factor`
   */
  @IsDuration({ min: 0, max: '365d' })
  forgetAfter?: Duration | undefined;
}

/** One limit. */
export class RateLimitPolicy {
  /** Names the policy in keys, headers and decisions: up to 64 letters, digits and `.` `_` `-`. */
  @Required('a name')
  @IsText({ pattern: POLICY_NAME, expected: 'up to 64 letters, digits and . _ -' })
  name!: string;

  /** How much is allowed in `per`, or at the same time. 0 allows nothing. */
  @Required('a number')
  @IsIntegerBetween(0, LARGEST_LIMIT)
  limit!: number;

  /** Length of the window; `'day'` or `'month'` for a quota. `concurrency` has none. */
  @Is(
    `a duration of at least 1ms and at most ${LONGEST_PERIOD}, or for a quota 'day' or 'month'`,
    (per) => per === 'day' || per === 'month' || isPeriod(per),
  )
  per?: Duration | 'day' | 'month' | undefined;

  /** @default 'quota' when `per` is 'day' or 'month', else 'token-bucket' */
  @IsOneOf(['token-bucket', 'sliding-window', 'fixed-window', 'concurrency', 'quota'])
  algorithm?: RateLimitAlgorithm | undefined;

  /**
   * `token-bucket`: how much is allowed at once.
   * @default the limit
   */
  @IsIntegerBetween(1, LARGEST_LIMIT)
  burst?: number | undefined;

  /**
   * `concurrency`: how long one counts that was never released, because its process died. What takes longer
   * is renewed, see `RateLimitDecision.keepAlive`; calls of handlers are by themselves.
   * @default '1m'
   */
  @IsDuration({ min: '100ms', max: '1d' })
  lease?: Duration | undefined;

  /**
   * `quota`: IANA name of the time zone whose days and months count.
   * @default 'UTC'
   */
  @Is("an IANA time zone such as 'Europe/Berlin'", isTimeZone)
  timeZone?: string | undefined;

  /**
   * Whether requests count that were denied, by this policy or by another one. Then whoever does not slow down is not
   * let in again. Not for `concurrency`.
   * @default false
   */
  @IsFlag()
  countDenied?: boolean | undefined;

  /**
   * What happens while Redis is away.
   * @default that of the root options: 'local'
   */
  @IsOneOf(['local', 'open', 'closed'])
  onFailure?: RateLimitInsurance | undefined;

  /**
   * Blocks after a denial by this policy.
   * @default none
   */
  @Nested(() => RateLimitBlockOptions)
  block?: RateLimitBlockOptions | undefined;
}

function isPeriod(value: unknown): boolean {
  const ms = parseDuration(value);
  return ms !== undefined && ms >= 1 && ms <= parseDuration(LONGEST_PERIOD)!;
}

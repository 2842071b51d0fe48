import type { Duration } from '../core/duration.js';
import { isTimeZone, isWindow, windowOf, type Window } from '../core/time-window.js';
import { CounterArgumentError } from './counters.errors.js';
import {
  isTtl,
  MOST_PERIODS,
  TTL_FORMS,
  ttlMsOf,
  WINDOW_FORMS,
  type ResolvedCounterOptions,
  type CounterWindow,
} from './counters.options.js';
import type { Life, Place } from './stores/counter-store.js';

/** Which count of a name is meant. */
export interface CounterScope {
  /**
   * Counters of a group are kept together, so that `stats({ group })` finds them all.
   * @default none: the counter stands alone
   */
  readonly group?: string | undefined;
  /**
   * Count by periods of this length, such as `'1m'`, or by days, weeks or months of the calendar.
   * @default none: one count of all time
   */
  readonly window?: CounterWindow | undefined;
  /**
   * Time zone of a `'day'`, `'week'` or `'month'`.
   * @default 'UTC'
   */
  readonly timeZone?: string | undefined;
}

/** How something is counted. */
export interface IncrementOptions extends CounterScope {
  /** @default 1 */
  readonly by?: number | undefined;
  /**
   * How long a count without a window is kept after this change; `'never'` keeps it until it is reset.
   * @default `counters.ttl`
   */
  readonly ttl?: Duration | 'never' | undefined;
  /**
   * How many periods of a window are kept, the current one included.
   * @default `counters.keep`
   */
  readonly keep?: number | undefined;
}

/** What a series covers. */
export interface SeriesOptions extends CounterScope {
  readonly window: CounterWindow;
  /**
   * How many periods, the current one included.
   * @default 1
   */
  readonly count?: number | undefined;
}

const LONGEST_NAME_BYTES = 512;

/** A name as it is given, when Redis can keep it apart from all others. */
export function assertName(name: unknown, what: string): asserts name is string {
  const isName =
    typeof name === 'string' &&
    name !== '' &&
    Buffer.byteLength(name) <= LONGEST_NAME_BYTES &&
    !/\p{Surrogate}/u.test(name);
  if (isName) return;
  throw new CounterArgumentError(
    `The name of a ${what} must be well-formed text of 1 to ${LONGEST_NAME_BYTES} bytes.`,
  );
}

export function amountOf(by: number): number {
  // Adding 0 makes 0 of -0.
  if (Number.isSafeInteger(by)) return by + 0;
  throw new CounterArgumentError(
    `A counter is changed by whole numbers up to ±${Number.MAX_SAFE_INTEGER}, not by ${String(by)}.`,
  );
}

export function placeOf({ group, window, timeZone }: CounterScope): Place {
  if (group !== undefined) assertName(group, 'group');
  return { group, window: window === undefined ? undefined : windowFor(window, timeZone) };
}

export function windowFor(window: CounterWindow, timeZone: string | undefined): Window {
  if (!isWindow(window)) {
    throw new CounterArgumentError(`'window' must be ${WINDOW_FORMS}, not ${String(window)}.`);
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    throw new CounterArgumentError(
      `'timeZone' must be one that this process knows, such as 'Europe/London', not ${String(timeZone)}.`,
    );
  }
  return windowOf(window, timeZone);
}

export function lifeOf(
  { ttl, keep }: Pick<IncrementOptions, 'ttl' | 'keep'>,
  defaults: ResolvedCounterOptions,
): Life {
  if (ttl !== undefined && !isTtl(ttl)) {
    throw new CounterArgumentError(`'ttl' must be ${TTL_FORMS}, not ${String(ttl)}.`);
  }
  return {
    ttlMs: ttl === undefined ? defaults.ttlMs : ttlMsOf(ttl),
    keep: keep === undefined ? defaults.keep : periodsOf(keep, 'keep'),
  };
}

export function periodsOf(count: number, option: 'count' | 'keep'): number {
  if (Number.isInteger(count) && count >= 1 && count <= MOST_PERIODS) return count;
  throw new CounterArgumentError(
    `'${option}' must be a whole number from 1 to ${MOST_PERIODS}, not ${String(count)}.`,
  );
}

import { parseDuration, type Duration } from './duration.js';

/**
 * How time is cut up: into spans of a fixed length, counted from 1970 in UTC, or days, weeks (from Monday) and
 * months of the calendar in a time zone.
 */
export type WindowLength = Duration | 'day' | 'week' | 'month';

/** One span of a window; `untilMs` is the first millisecond that no longer belongs to it. */
export interface Period {
  readonly fromMs: number;
  readonly untilMs: number;
}

type CalendarUnit = 'day' | 'week' | 'month';

const DAY_MS = 86_400_000;
/** Shorter than any key can be written and read usefully, and longer than any is kept. */
export const SHORTEST_WINDOW_MS = 1_000;
export const LONGEST_WINDOW_MS = 366 * DAY_MS;

/** What a calendar unit lasts at most, the hours that clocks are put back included. */
const LONGEST_UNIT_MS: Record<CalendarUnit, number> = {
  day: DAY_MS + 3_600_000 * 3,
  week: 7 * DAY_MS + 3_600_000 * 3,
  month: 31 * DAY_MS + 3_600_000 * 3,
};

const isUnit = (value: unknown): value is CalendarUnit =>
  value === 'day' || value === 'week' || value === 'month';

/** True for what `windowOf` takes. */
export function isWindow(value: unknown): value is WindowLength {
  if (isUnit(value)) return true;
  const ms = parseDuration(value);
  return ms !== undefined && ms >= SHORTEST_WINDOW_MS && ms <= LONGEST_WINDOW_MS;
}

/** True for a time zone that this process knows, such as 'Europe/London'. */
export function isTimeZone(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en-US', { timeZone: value }));
  } catch {
    return false;
  }
}

const known = new Map<string, Window>();

/** The window of this length or unit; the same object for the same window. */
export function windowOf(window: WindowLength, timeZone = 'UTC'): Window {
  const spelled = isUnit(window) ? `${window}@${timeZone}` : String(window);
  let made = known.get(spelled);
  if (!made) {
    made = isUnit(window)
      ? new CalendarWindow(window, timeZone)
      : new FixedWindow(parseDuration(window)!);
    known.set(spelled, made);
  }
  return made;
}

/** Cuts time into periods that follow each other without a gap. */
export abstract class Window {
  protected constructor(
    /** Part of keys: `60000`, `day@Europe/London`. */
    readonly id: string,
    /** No period is longer than this. */
    readonly longestMs: number,
  ) {}

  /** The period that this moment belongs to. */
  abstract at(ms: number): Period;

  /** The period that this moment belongs to and those before it, oldest first. */
  last(ms: number, count: number): Period[] {
    const periods = [this.at(ms)];
    while (periods.length < count) periods.push(this.at(periods.at(-1)!.fromMs - 1));
    return periods.toReversed();
  }
}

class FixedWindow extends Window {
  constructor(private readonly lengthMs: number) {
    super(String(lengthMs), lengthMs);
  }

  at(ms: number): Period {
    const fromMs = Math.floor(ms / this.lengthMs) * this.lengthMs;
    return { fromMs, untilMs: fromMs + this.lengthMs };
  }
}

class CalendarWindow extends Window {
  readonly #unit: CalendarUnit;
  readonly #format: Intl.DateTimeFormat;
  /** Asking for the time in a zone is slow, and most moments are of the current period. */
  #current: Period = { fromMs: 0, untilMs: 0 };

  constructor(unit: CalendarUnit, timeZone: string) {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    super(`${unit}@${format.resolvedOptions().timeZone}`, LONGEST_UNIT_MS[unit]);
    this.#unit = unit;
    this.#format = format;
  }

  at(ms: number): Period {
    if (ms >= this.#current.fromMs && ms < this.#current.untilMs) return this.#current;
    const first = this.#firstDay(this.#localMs(ms));
    let period = this.#from(first);
    // Near a change of the clocks the local date alone may name a neighbour.
    if (ms < period.fromMs) period = this.#from(this.#firstDay(first - 1));
    else if (ms >= period.untilMs) period = this.#from(this.#nextFirstDay(first));
    return (this.#current = period);
  }

  #from(first: number): Period {
    return {
      fromMs: this.#startOf(first),
      untilMs: this.#startOf(this.#nextFirstDay(first)),
    };
  }

  /** The first day of the unit, as the midnight of that date in UTC. */
  #firstDay(localMs: number): number {
    const midnight = Math.floor(localMs / DAY_MS) * DAY_MS;
    if (this.#unit === 'day') return midnight;
    const date = new Date(midnight);
    if (this.#unit === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    return midnight - ((date.getUTCDay() + 6) % 7) * DAY_MS;
  }

  #nextFirstDay(first: number): number {
    if (this.#unit === 'day') return first + DAY_MS;
    if (this.#unit === 'week') return first + 7 * DAY_MS;
    const date = new Date(first);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  }

  /**
   * The moment a date begins in the zone. Clocks may change at midnight: then one of the two offsets leads to the evening
   * before, and a date that is skipped begins where the next one does.
   */
  #startOf(date: number): number {
    const candidates = [date - DAY_MS, date + DAY_MS]
      .map((near) => date - (this.#localMs(near) - near))
      .sort((one, other) => one - other);
    return candidates.find((ms) => this.#localMs(ms) >= date) ?? candidates.at(-1)!;
  }

  /** What the clocks of the zone show, as if they showed UTC. */
  #localMs(ms: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(ms)) parts[type] = Number(value);
    const { year, month, day, hour, minute, second } = parts as Record<string, number>;
    const whole = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
    return whole + (((ms % 1_000) + 1_000) % 1_000);
  }
}

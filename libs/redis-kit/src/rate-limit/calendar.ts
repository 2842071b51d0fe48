/** What a quota counts in. */
export type CalendarUnit = 'day' | 'month';

/** Longest way of a zone's wall clock from UTC, and a little more. */
const FARTHEST_MS = 16 * 3_600_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether the runtime knows this time zone. */
export function isTimeZone(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    formatOf(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * Beginnings of the day or month that contains `atMs` and of the two that follow, in milliseconds since 1970.
 *
 * A day begins with the first instant of its date: in a zone that sets its clocks forward at midnight that is 01:00.
 */
export function boundariesAround(
  unit: CalendarUnit,
  timeZone: string,
  atMs: number,
): readonly [number, number, number] {
  const { year, month, day } = dateAt(timeZone, atMs);
  const startOf = (ahead: number): number =>
    unit === 'day'
      ? firstInstantOf(timeZone, Date.UTC(year, month, day + ahead))
      : firstInstantOf(timeZone, Date.UTC(year, month + ahead, 1));
  return [startOf(0), startOf(1), startOf(2)];
}

/** The first instant whose date in the zone is not before the date of `utcMidnightMs`. */
function firstInstantOf(timeZone: string, utcMidnightMs: number): number {
  let before = utcMidnightMs - FARTHEST_MS;
  let reached = utcMidnightMs + FARTHEST_MS;
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    const { year, month, day } = dateAt(timeZone, middle);
    if (Date.UTC(year, month, day) >= utcMidnightMs) reached = middle;
    else before = middle;
  }
  return reached;
}

function dateAt(timeZone: string, atMs: number): { year: number; month: number; day: number } {
  const parts = formatOf(timeZone).formatToParts(atMs);
  const number = (type: string): number => Number(parts.find((part) => part.type === type)!.value);
  return { year: number('year'), month: number('month') - 1, day: number('day') };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    });
    formats.set(timeZone, format);
  }
  return format;
}

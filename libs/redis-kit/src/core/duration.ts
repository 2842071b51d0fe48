const UNIT_MS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const;

type Unit = keyof typeof UNIT_MS;

/** A length of time: a number of **milliseconds**, or text such as `'250ms'`, `'30s'`, `'5m'`, `'1.5h'`, `'7d'`, `'2w'`. */
export type Duration = number | `${number}${Unit}`;

/**
 * Milliseconds of a duration, rounded to whole milliseconds; undefined when it is not a duration, is negative or is
 * longer than a number can count.
 */
export function parseDuration(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? parseText(value) : value;
  if (typeof ms !== 'number' || ms < 0) return undefined;
  const rounded = Math.round(ms);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

function parseText(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(text.trim());
  return match ? Number(match[1]) * UNIT_MS[match[2] as Unit] : undefined;
}

/**
 * Milliseconds of a duration.
 *
 * @throws RangeError when it is not a duration.
 */
export function toMs(value: Duration): number {
  const ms = parseDuration(value);
  if (ms === undefined) {
    const given = typeof value === 'string' ? JSON.stringify(value) : String(value);
    throw new RangeError(
      `${given} is not a duration; use milliseconds or text such as '30s' or '5m'`,
    );
  }
  return ms;
}

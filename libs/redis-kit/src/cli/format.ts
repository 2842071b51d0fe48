const NONE = '–';
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const BARS = '▁▂▃▄▅▆▇█';

/** `1.5 MiB`; a dash for what is not known. */
export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return NONE;
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < BYTE_UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${BYTE_UNITS[unit]}`;
}

/** `1,234,567`. */
export const countText = (count: number | null | undefined): string =>
  count === null || count === undefined ? NONE : Math.round(count).toLocaleString('en-US');

/** `93.1 %`. */
export const percentText = (share: number | null | undefined): string =>
  share === null || share === undefined ? NONE : `${(share * 100).toFixed(1)} %`;

/** `3d 4h`, of at most two units. */
export function durationText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NONE;
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(2) : Math.round(ms)} ms`;
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const first = units.findIndex(([, unitMs]) => ms >= unitMs);
  let rest = ms;
  return units
    .slice(first, first + 2)
    .map(([unit, unitMs]) => {
      const count = Math.floor(rest / unitMs);
      rest -= count * unitMs;
      return `${count}${unit}`;
    })
    .join(' ');
}

/** Values over time as bars, scaled to the largest of them; a space where there was none. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const shown = values.slice(-width);
  const highest = Math.max(0, ...shown.filter((value) => value !== null));
  return shown
    .map((value) => {
      if (value === null) return ' ';
      if (highest === 0) return BARS[0];
      return BARS[Math.min(BARS.length - 1, Math.floor((value / highest) * BARS.length))];
    })
    .join('');
}

/** Rows below each other; numbers, which is what all but the first column hold, to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Control characters in what others wrote would be orders to the terminal. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '·');

/** Cuts a text to a width. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

import { describe, expect, it } from '@jest/globals';
import { boundariesAround, isTimeZone } from './calendar.js';

const iso = (boundaries: readonly number[]): string[] =>
  boundaries.map((ms) => new Date(ms).toISOString().replace(':00.000Z', 'Z'));

describe('the calendar of a quota', () => {
  it.each([
    [
      'UTC',
      'day',
      '2026-02-28T23:59:59.999Z',
      ['2026-02-28T00:00Z', '2026-03-01T00:00Z', '2026-03-02T00:00Z'],
    ],
    [
      'UTC',
      'day',
      '2026-03-01T00:00:00.000Z',
      ['2026-03-01T00:00Z', '2026-03-02T00:00Z', '2026-03-03T00:00Z'],
    ],
    [
      'UTC',
      'month',
      '2026-11-30T12:00:00Z',
      ['2026-11-01T00:00Z', '2026-12-01T00:00Z', '2027-01-01T00:00Z'],
    ],
    // 23 hours, then 25.
    [
      'Europe/Berlin',
      'day',
      '2026-03-29T12:00:00Z',
      ['2026-03-28T23:00Z', '2026-03-29T22:00Z', '2026-03-30T22:00Z'],
    ],
    [
      'Europe/Berlin',
      'day',
      '2026-10-25T12:00:00Z',
      ['2026-10-24T22:00Z', '2026-10-25T23:00Z', '2026-10-26T23:00Z'],
    ],
    [
      'Europe/Berlin',
      'month',
      '2026-10-25T12:00:00Z',
      ['2026-09-30T22:00Z', '2026-10-31T23:00Z', '2026-11-30T23:00Z'],
    ],
    [
      'Asia/Kathmandu',
      'day',
      '2026-01-01T00:00:00Z',
      ['2025-12-31T18:15Z', '2026-01-01T18:15Z', '2026-01-02T18:15Z'],
    ],
    [
      'Pacific/Kiritimati',
      'day',
      '2026-01-01T12:00:00Z',
      ['2026-01-01T10:00Z', '2026-01-02T10:00Z', '2026-01-03T10:00Z'],
    ],
    // Clocks go forward at midnight: the day begins at 01:00.
    [
      'America/Santiago',
      'day',
      '2026-09-06T12:00:00Z',
      ['2026-09-06T04:00Z', '2026-09-07T03:00Z', '2026-09-08T03:00Z'],
    ],
    // A day that never was.
    [
      'Pacific/Apia',
      'day',
      '2011-12-30T09:00:00Z',
      ['2011-12-29T10:00Z', '2011-12-30T10:00Z', '2011-12-30T10:00Z'],
    ],
  ] as const)('in %s begins each %s around %s at its first instant', (zone, unit, at, expected) => {
    expect(iso(boundariesAround(unit, zone, Date.parse(at)))).toEqual(expected);
  });

  it('knows what a time zone is', () => {
    expect(['UTC', 'Europe/Berlin'].every(isTimeZone)).toBe(true);
    expect(['Europe/Atlantis', '', 'x y', 5, undefined].some(isTimeZone)).toBe(false);
  });
});

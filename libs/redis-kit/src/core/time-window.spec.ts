import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isTimeZone, isWindow, windowOf } from './time-window.js';

const iso = ({ fromMs, untilMs }: { fromMs: number; untilMs: number }): string[] =>
  [fromMs, untilMs].map((ms) => new Date(ms).toISOString().slice(0, 16));
const at = (moment: string): number => Date.parse(moment);

describe('a window of a fixed length', () => {
  it('is counted from 1970', () => {
    expect(iso(windowOf('1m').at(at('2026-03-29T01:02:59.999Z')))).toEqual([
      '2026-03-29T01:02',
      '2026-03-29T01:03',
    ]);
    expect(windowOf('60s')).toBe(windowOf('60s'));
    expect(windowOf('60s').id).toBe(windowOf('1m').id);
  });
});

describe('a window of the calendar', () => {
  it.each([
    ['day', 'UTC', '2026-11-23T12:00Z', '2026-11-23T00:00', '2026-11-24T00:00'],
    ['day', 'Europe/London', '2026-07-01T23:30Z', '2026-07-01T23:00', '2026-07-02T23:00'],
    // 23 and 25 hours.
    ['day', 'Europe/Paris', '2026-03-29T12:00Z', '2026-03-28T23:00', '2026-03-29T22:00'],
    ['day', 'Europe/Paris', '2026-10-25T12:00Z', '2026-10-24T22:00', '2026-10-25T23:00'],
    ['day', 'Asia/Kathmandu', '2026-01-01T00:00Z', '2025-12-31T18:15', '2026-01-01T18:15'],
    // The clocks went from midnight to one: the day began at one.
    ['day', 'America/Sao_Paulo', '2018-11-04T12:00Z', '2018-11-04T03:00', '2018-11-05T02:00'],
    // The clocks went from midnight back to eleven in the evening.
    ['day', 'America/Sao_Paulo', '2018-02-17T12:00Z', '2018-02-17T02:00', '2018-02-18T03:00'],
    ['day', 'America/Havana', '2026-11-01T12:00Z', '2026-11-01T04:00', '2026-11-02T05:00'],
    // The 30th did not exist.
    ['day', 'Pacific/Apia', '2011-12-30T12:00Z', '2011-12-30T10:00', '2011-12-31T10:00'],
    ['day', 'America/Santiago', '2026-09-06T12:00Z', '2026-09-06T04:00', '2026-09-07T03:00'],
    ['day', 'Pacific/Kiritimati', '2026-01-01T12:00Z', '2026-01-01T10:00', '2026-01-02T10:00'],
    ['month', 'Europe/Berlin', '2026-10-25T12:00Z', '2026-09-30T22:00', '2026-10-31T23:00'],
    ['week', 'UTC', '2026-11-23T00:00Z', '2026-11-23T00:00', '2026-11-30T00:00'],
    ['week', 'UTC', '2026-11-22T23:59Z', '2026-11-16T00:00', '2026-11-23T00:00'],
    ['month', 'America/New_York', '2026-03-31T23:00Z', '2026-03-01T05:00', '2026-04-01T04:00'],
    ['month', 'UTC', '2024-02-29T12:00Z', '2024-02-01T00:00', '2024-03-01T00:00'],
  ] as const)('%s in %s at %s', (unit, timeZone, moment, from, until) => {
    expect(iso(windowOf(unit, timeZone).at(at(moment)))).toEqual([from, until]);
  });

  it('cuts time without a gap, whatever the zone', () => {
    const zones = [
      'UTC',
      'Europe/London',
      'America/St_Johns',
      'America/Sao_Paulo',
      'Africa/Cairo',
      'Asia/Beirut',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Pacific/Chatham',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom('day', 'week', 'month'),
        fc.constantFrom(...zones),
        fc.integer({ min: at('2005-01-01T00:00Z'), max: at('2035-01-01T00:00Z') }),
        (unit, timeZone, ms) => {
          const window = windowOf(unit, timeZone);
          const period = window.at(ms);
          expect(period.fromMs).toBeLessThanOrEqual(ms);
          expect(period.untilMs).toBeGreaterThan(ms);
          expect(period.untilMs - period.fromMs).toBeLessThanOrEqual(window.longestMs);
          expect(window.at(period.fromMs)).toEqual(period);
          expect(window.at(period.untilMs - 1)).toEqual(period);
          expect(window.at(period.untilMs).fromMs).toBe(period.untilMs);
          const [before, same] = window.last(ms, 2);
          expect([before!.untilMs, same]).toEqual([period.fromMs, period]);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('has one name for a zone, however it is spelled', () => {
    expect(windowOf('day', 'europe/london').id).toBe('day@Europe/London');
  });
});

it('knows what is a window and what is a time zone', () => {
  expect(['1s', 1_000, '366d', 'day', 'week', 'month'].map(isWindow)).not.toContain(false);
  expect([999, '367d', 'year', '', null, undefined, {}].map(isWindow)).not.toContain(true);
  expect(['UTC', 'Europe/London'].map(isTimeZone)).not.toContain(false);
  expect(['Europe/Nowhere', '', 7, undefined].map(isTimeZone)).not.toContain(true);
});

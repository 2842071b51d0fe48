import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { parseDuration, toMs, type Duration } from './duration.js';

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['1.5h', 5_400_000],
    ['0.5s', 500],
    ['0.0015s', 2],
    ['0ms', 0],
    ['007s', 7_000],
    ['  5 s ', 5_000],
    [1_500, 1_500],
    [1.4, 1],
    [0, 0],
  ])('reads %p as %p ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '5',
    's',
    'five seconds',
    '5sec',
    '5M',
    '5 s s',
    '5s5',
    '1h30m',
    '.5s',
    '5.s',
    '1,5s',
    '1e3s',
    '0x10s',
    '٣s',
    '+5s',
    '-5s',
    'Infinitys',
    '5s\n5s',
    '5s\u0000',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each([NaN, Infinity, -Infinity, null, undefined, true, 5n, [5], ['5s'], {}, new Date(5)])(
    'refuses %p',
    (value) => {
      expect(parseDuration(value)).toBeUndefined();
    },
  );

  it('is never negative, as text or as a number', () => {
    expect(parseDuration('-1ms')).toBeUndefined();
    expect(parseDuration(-1)).toBeUndefined();
    expect(parseDuration(-0.6)).toBeUndefined();
  });

  it.each([`${'9'.repeat(400)}d`, '99999999999999999999w', Number.MAX_VALUE])(
    'refuses %p, which no number of milliseconds holds exactly',
    (value) => {
      expect(parseDuration(value)).toBeUndefined();
    },
  );

  it('is a whole, safe number of milliseconds whenever it is accepted', () => {
    const amounts = fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true }));
    const units = fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w', '');
    fc.assert(
      fc.property(amounts, units, (amount, unit) => {
        const ms = parseDuration(unit === '' ? amount : `${amount}${unit}`);
        expect(ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});

describe('toMs', () => {
  it('gives the milliseconds', () => {
    expect(toMs('1.5h')).toBe(5_400_000);
  });

  it.each([
    ['soon', '"soon" is not a duration'],
    [NaN, 'NaN is not a duration'],
    [Infinity, 'Infinity is not a duration'],
    [-5, '-5 is not a duration'],
    [5n, '5 is not a duration'],
    [undefined, 'undefined is not a duration'],
    [null, 'null is not a duration'],
  ])('says what it was given: %p', (value, message) => {
    const act = () => toMs(value as unknown as Duration);
    expect(act).toThrow(RangeError);
    expect(act).toThrow(message);
    expect(act).toThrow("use milliseconds or text such as '30s' or '5m'");
  });
});

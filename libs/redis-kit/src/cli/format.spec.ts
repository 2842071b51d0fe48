import { describe, expect, it } from '@jest/globals';
import {
  bytesText,
  countText,
  cut,
  durationText,
  percentText,
  printable,
  sparkline,
  table,
} from './format.js';

describe('what the command line prints', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.50 KiB'],
    [50 * 1024 ** 2, '50.0 MiB'],
    [2 ** 80, '1073741824.0 PiB'],
    [null, '–'],
  ])('says %p bytes as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

  it.each([
    [0.5, '0.50 ms'],
    [999, '999 ms'],
    [1_000, '1s'],
    [61_000, '1m 1s'],
    [90_061_000, '1d 1h'],
    [undefined, '–'],
  ])('says %p ms as %s', (ms, text) => expect(durationText(ms)).toBe(text));

  it('says counts and shares, and a dash for what is not known', () => {
    expect(countText(1_234_567)).toBe('1,234,567');
    expect(percentText(0.931)).toBe('93.1 %');
    expect([countText(null), percentText(null)]).toEqual(['–', '–']);
  });

  it('draws values as bars, and gaps where there was none', () => {
    expect(sparkline([0, 4, null, 8], 10)).toBe('▁▅ █');
    expect(sparkline([0, 0], 10)).toBe('▁▁');
    expect(sparkline([1, 2, 3], 2)).toBe('▆█');
    expect(sparkline([], 5)).toBe('');
  });

  it('leaves no order to the terminal in what others wrote', () => {
    expect(printable('key\x1b[2J\r\n\x9b1m')).toBe('key·[2J···1m');
  });

  it('keeps columns together and lines short', () => {
    expect(
      table([
        ['a', '1'],
        ['bbb', '22'],
      ]),
    ).toEqual(['a     1', 'bbb  22']);
    expect(table([])).toEqual([]);
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('abcd', 4)).toBe('abcd');
  });
});

import { describe, expect, it } from '@jest/globals';
import { fenceCondition } from './fence-condition.js';

describe('the condition of a fence', () => {
  it('holds a parameter, and never the value', () => {
    expect(fenceCondition({ fence: 7 })).toEqual({
      text: '(fence IS NULL OR fence <= ?)',
      value: 7,
    });
    expect(
      fenceCondition({ fence: 7 }, { column: 'shop."stock fence"', parameter: '$3' }).text,
    ).toBe('(shop."stock fence" IS NULL OR shop."stock fence" <= $3)');
  });

  it.each([{ column: 'a = a --' }, { column: '"a' }, { parameter: '1' }, { parameter: '$1 OR 1' }])(
    'refuses what could change the statement: %j',
    (options) => {
      expect(() => fenceCondition({ fence: 1 }, options)).toThrow(RangeError);
    },
  );

  it.each([Number.NaN, -1, 1.5, 2 ** 53])('refuses %d, which is no fence', (fence) => {
    expect(() => fenceCondition({ fence })).toThrow('use lock.fence');
  });
});

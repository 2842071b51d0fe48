import { describe, expect, it } from '@jest/globals';
import { addToVary, parseVary } from './vary.js';

describe('Vary', () => {
  it('is read from one or several lines', () => {
    expect([...parseVary('Accept, X-A,')]).toEqual(['accept', 'x-a']);
    expect([...parseVary(['Accept', 'Origin'])]).toEqual(['accept', 'origin']);
    expect([...parseVary(undefined)]).toEqual([]);
  });

  it('is extended once by each name; * swallows the others', () => {
    expect(addToVary('Origin', ['Cookie', 'origin'])).toBe('origin, cookie');
    expect(addToVary(undefined, [])).toBeUndefined();
    expect(addToVary('*', ['cookie'])).toBe('*');
  });
});

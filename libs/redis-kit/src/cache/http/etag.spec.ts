import { describe, expect, it } from '@jest/globals';
import { etagOf, matchesEtag } from './etag.js';

describe('an ETag', () => {
  it('is the same for the same parts, and different for parts cut elsewhere', () => {
    expect(etagOf(['a', 'b'], 'strong')).toBe(etagOf(['a', 'b'], 'strong'));
    expect(etagOf(['a', 'b'], 'strong')).not.toBe(etagOf(['ab', ''], 'strong'));
    expect(etagOf(['a'], 'weak')).toBe(`W/${etagOf(['a'], 'strong')}`);
  });

  it.each([
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"x", W/"a"', 'W/"a"', true],
    ['*', '"a"', true],
    ['"x,"a""', '"b"', false],
    ['"a,b"', '"b"', false],
    ['a', '"a"', false],
    [undefined, '"a"', false],
    ['*', undefined, false],
  ])('If-None-Match: %s against %s', (field, etag, expected) => {
    expect(matchesEtag(field, etag)).toBe(expected);
  });
});

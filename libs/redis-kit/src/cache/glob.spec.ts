import { describe, expect, it } from '@jest/globals';
import { closedGlob, escapeGlob, Glob } from './glob.js';

const matches = (glob: string, text: string): boolean => new Glob(glob).matches(text);

describe('a glob', () => {
  it.each([
    ['*', '', true],
    ['user:*', 'user:1', true],
    ['user:*', 'product:1', false],
    ['*:1', 'user:10', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['é', 'é', true],
    ['?', 'é', false],
    ['??', 'é', true],
    ['[abc]x', 'bx', true],
    ['[^abc]x', 'bx', false],
    ['[a-c]', 'b', true],
    ['[c-a]', 'b', true],
    ['[a-c]', 'd', false],
    ['[a\\]]', ']', true],
    ['[a\\-c]', 'b', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['[', '[', false],
    ['[ab', 'b', true],
    ['[^', 'x', true],
    ['a\\', 'a\\', true],
    ['[]', 'x', false],
  ])('%s, asked about %j, says %p', (glob, text, expected) => {
    expect(matches(glob, text)).toBe(expected);
    // And what is put behind it stays outside of it.
    expect(matches(`${closedGlob(glob)}}`, `${text}}`)).toBe(expected);
  });

  it('of any text matches that text and no other', () => {
    const text = 'a*b?c[d]e\\f^g-h{é}';
    expect(matches(escapeGlob(text), text)).toBe(true);
    expect(matches(escapeGlob(text), 'aXb?c[d]e\\f^g-h{é}')).toBe(false);
    expect(matches(escapeGlob('a*'), 'ab')).toBe(false);
  });

  it('with many stars takes no time to speak of', () => {
    expect(matches(`${'a*'.repeat(100)}b`, 'a'.repeat(10_000))).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import { CacheKeyError } from './cache.errors.js';
import { MAX_TAGS } from './entry.js';
import { tagSet } from './tags.js';

describe('tags', () => {
  it('are a set', () => {
    expect([...tagSet(['a', 'b', 'a'])]).toEqual(['a', 'b']);
    expect(tagSet(undefined).size).toBe(0);
    expect(tagSet([]).size).toBe(0);
  });

  it('may be many, different ones', () => {
    const tags = Array.from({ length: MAX_TAGS }, (_, i) => `tag ${i}`);
    expect(tagSet([...tags, ...tags]).size).toBe(MAX_TAGS);
    expect(() => tagSet([...tags, 'one more'])).toThrow(CacheKeyError);
    expect(() => tagSet([...tags, 'one more'])).toThrow('at most 64 tags, got 65');
  });

  it('may be of any text up to 512 bytes', () => {
    expect(tagSet(['é'.repeat(256), 'a:b {c}\n\u0000']).size).toBe(2);
  });

  it.each([
    [''],
    ['x'.repeat(513)],
    ['é'.repeat(257)],
    [7],
    [null],
    [undefined],
    [['a']],
    [{}],
    [1n],
  ])('are refused when one is %p', (tag) => {
    const act = () => tagSet([tag as string]);
    expect(act).toThrow(CacheKeyError);
    expect(act).toThrow('A tag is text of 1 to 512 bytes, got');
  });

  it('are refused when they are one text instead of a list', () => {
    expect(() => tagSet('products' as unknown as string[])).toThrow(CacheKeyError);
  });
});

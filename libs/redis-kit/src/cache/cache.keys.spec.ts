import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { KeySpace } from '../core/key-space.js';
import { cacheEntriesPrefix, cacheEntryKey, cacheEpochKey, cacheTagKey } from './cache.keys.js';

const keySpace = new KeySpace('shop:test');
const entryKey = (cache: string, key: string): string =>
  cacheEntryKey(cacheEntriesPrefix(keySpace, cache), key);

describe('the keys of a cache', () => {
  it('can be read', () => {
    expect(entryKey('catalog', 'product:42')).toBe('shop:test:v1:cache:{catalog:product:42}');
    expect(cacheTagKey(keySpace, 'catalog', 'mugs')).toBe('shop:test:v1:cache-tag:{catalog:mugs}');
    expect(cacheEpochKey(keySpace, 'catalog')).toBe('shop:test:v1:cache-epoch:{catalog}');
  });

  it('are those of one cache, whatever caches are called', () => {
    expect(entryKey('a', 'b:c')).not.toBe(entryKey('a:b', 'c'));
    expect(entryKey('a', ':b')).not.toBe(entryKey('a:', 'b'));
    expect(entryKey('a%3A', 'b')).not.toBe(entryKey('a:', 'b'));
    expect(cacheTagKey(keySpace, 'a', 'b:c')).not.toBe(cacheTagKey(keySpace, 'a:b', 'c'));
  });

  it('are readable up to 512 bytes, and then a beginning with a digest', () => {
    expect(entryKey('c', 'x'.repeat(512))).toContain('x'.repeat(512));
    const long = entryKey('c', `${'x'.repeat(512)}y`);
    expect(long).toMatch(/^shop:test:v1:cache:\{c:~x{64}~[\w-]{43}\}$/);
    expect(long).not.toBe(entryKey('c', `${'x'.repeat(512)}z`));
    // Bytes count, not characters.
    expect(entryKey('c', 'é'.repeat(257))).not.toContain('é'.repeat(257));
  });

  it('of a short key never imitate that of a long one', () => {
    const long = entryKey('c', 'x'.repeat(600));
    const imitation = /\{c:(.*)\}$/.exec(long)![1]!;
    expect(entryKey('c', imitation)).not.toBe(long);
  });

  it('stay short whatever they are made of', () => {
    expect(entryKey('c', '🔑'.repeat(5_000)).length).toBeLessThan(200);
  });

  it('are different as bytes for different keys', () => {
    const cache = fc.string({ unit: fc.constantFrom('a', ':', '%', '3A', '~', '}'), maxLength: 5 });
    const key = fc.oneof(
      cache,
      fc.constantFrom('\ud83d', '\ud83e', '\ufffd', `${'x'.repeat(600)}a`, `${'x'.repeat(600)}b`),
    );
    fc.assert(
      fc.property(cache, key, cache, key, (cache, key, otherCache, otherKey) => {
        const isSame = cache === otherCache && key === otherKey;
        const bytes = Buffer.from(entryKey(cache, key));
        return bytes.equals(Buffer.from(entryKey(otherCache, otherKey))) === isSame;
      }),
      { numRuns: 300 },
    );
  });
});

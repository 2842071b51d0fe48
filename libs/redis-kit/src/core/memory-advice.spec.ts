import { describe, expect, it } from '@jest/globals';
import { adviceFor } from './memory-advice.js';

const both = { precious: ['locks', 'counters'], hasCaches: true };
const caches = { precious: [], hasCaches: true };
const locks = { precious: ['locks'], hasCaches: false };

const limited = (policy: string) => [{ isLimited: true, policy }];

describe('advice on the memory of Redis', () => {
  it('is none where nothing is known, or all is well', () => {
    expect(adviceFor([], both)).toEqual([]);
    expect(adviceFor(limited('noeviction'), both)).toEqual([]);
    expect(adviceFor(limited('noeviction'), locks)).toEqual([]);
    expect(adviceFor(limited('volatile-ttl'), caches)).toEqual([]);
    // A server without a limit, such as that of a developer, throws nothing away.
    expect(adviceFor([{ isLimited: false, policy: 'allkeys-lru' }], both)).toEqual([]);
  });

  it('names everything that must not be thrown away', () => {
    expect(adviceFor(limited('volatile-ttl'), both)).toEqual([
      expect.stringContaining(
        'maxmemory-policy volatile-ttl: it throws away locks and counters when',
      ),
    ]);
    expect(
      adviceFor(limited('allkeys-lru'), { precious: ['a', 'b', 'c'], hasCaches: false }),
    ).toEqual([expect.stringContaining('throws away a, b and c when')]);
  });

  it.each(['allkeys-lru', 'volatile-lru', 'allkeys-lfu', 'allkeys-random'])(
    'says what %s costs a cache with tags',
    (policy) => {
      expect(adviceFor(limited(policy), caches)).toEqual([
        expect.stringMatching(/tokens of tags.*volatile-ttl/),
      ]);
    },
  );

  it('says what a cache does when nothing is thrown away', () => {
    expect(adviceFor(limited('noeviction'), caches)).toEqual([
      expect.stringContaining('nothing more is cached'),
    ]);
  });

  it('is about the one master of a Cluster that is set up differently', () => {
    const settings = [{ isLimited: false, policy: 'noeviction' }, ...limited('allkeys-lru')];
    expect(adviceFor(settings, locks)).toEqual([
      expect.stringContaining('maxmemory-policy allkeys-lru'),
    ]);
  });
});

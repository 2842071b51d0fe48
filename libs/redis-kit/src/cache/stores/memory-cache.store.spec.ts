import { describe, expect, it } from '@jest/globals';
import { UNAVAILABLE } from '../../core/failsafe/failsafe.js';
import { cacheStoreContract } from '../../testing/contracts/cache-store.contract.js';
import { MemoryCacheStore } from './memory-cache.store.js';

const HOUR_MS = 3_600_000;

describe('the store in memory', () => {
  const contract = cacheStoreContract(async () => ({
    store: new MemoryCacheStore(1_000),
    dispose: async () => undefined,
  }));

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());

  it('holds so many entries, and lets go the one that was not used for longest', async () => {
    const store = new MemoryCacheStore(2);
    await store.write('a', Buffer.from('a'), HOUR_MS);
    await store.write('b', Buffer.from('b'), HOUR_MS);
    await store.read(['a']);
    await store.write('c', Buffer.from('c'), HOUR_MS);
    const found = await store.read(['a', 'b', 'c']);
    expect(found !== UNAVAILABLE && found.map(String)).toEqual(['a', 'null', 'c']);
  });

  it('is one of several that share nothing', async () => {
    const [one, other] = [new MemoryCacheStore(2), new MemoryCacheStore(2)];
    await one.write('a', Buffer.from('a'), HOUR_MS);
    expect(await other.read(['a'])).toEqual([null]);
  });
});

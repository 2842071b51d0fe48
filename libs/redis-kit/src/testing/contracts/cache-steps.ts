import assert from 'node:assert/strict';
import type { CacheService } from '../../cache/cache.service.js';
import { deferred } from '../../core/deferred.js';
import { someKey } from './cache-store-steps.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A factory that tells when it runs and how often, and answers when it is told to. */
export function heldFactory<T>() {
  const entered = deferred<void>();
  const answer = deferred<T>();
  const held = {
    runs: 0,
    entered: entered.promise,
    answer: (value: T) => answer.resolve(value),
    fail: (error: unknown) => answer.reject(error),
    factory: (): Promise<T> => {
      held.runs += 1;
      entered.resolve();
      return answer.promise;
    },
  };
  return held;
}

export const TAGS = { tags: ['tag', 'another tag'] };

/** Everything after which no older value may be seen. */
export const CHANGES: Record<string, (cache: CacheService, key: string) => Promise<unknown>> = {
  delete: (cache, key) => cache.delete(key),
  invalidateTags: (cache) => cache.invalidateTags('tag'),
  clear: (cache) => cache.clear(),
  set: (cache, key) => cache.set(key, 'new', TAGS),
};

/** Many callers change and read a few records at once; each record's version only grows, and so must what is read. */
export async function assertNoStaleRead(cache: CacheService, seed: number): Promise<void> {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % below;
  };
  const idle = async (): Promise<void> => {
    for (let turns = random(4); turns > 0; turns--) await nextTurn();
  };
  const records = Array.from({ length: 3 }, () => ({ key: someKey(), version: 0, invalidated: 0 }));
  const act = async (): Promise<void> => {
    const record = records[random(records.length)]!;
    const { key } = record;
    await idle();
    if (random(3) === 0) {
      const version = (record.version += 1);
      await Object.values(CHANGES)[random(3)]!(cache, key);
      record.invalidated = Math.max(record.invalidated, version);
      return;
    }
    const atLeast = record.invalidated;
    const read = await cache.getOrSet(
      key,
      async () => {
        const { version } = record;
        await idle();
        return version;
      },
      TAGS,
    );
    assert.ok(read >= atLeast, `read ${read} after ${atLeast} was invalidated (seed ${seed})`);
  };
  const caller = async (): Promise<void> => {
    for (let i = 0; i < 12; i++) await act();
  };
  await Promise.all(Array.from({ length: 8 }, caller));
}

import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { CacheCallOptions } from './cache-calls.js';
import type { CacheParts } from './cache-parts.js';
import { createEntry, NO_TIMES } from './entry.js';
import { isTimed, jittered, staleForMs, ttlFor } from './freshness.js';
import { freshnessOf } from './freshness.options.js';
import { tagSet } from './tags.js';

/** Stores a value, whatever is there; false when that was not possible. */
export async function setValue(
  cache: CacheParts,
  key: string,
  value: unknown,
  options: CacheCallOptions,
): Promise<boolean> {
  const { announce, engine, store, tokens } = cache;
  const freshness = freshnessOf(cache.options.freshness, options);
  const tags = tagSet(options.tags);
  const entryKey = cache.entryKey(key);
  cache.detach(entryKey);
  try {
    const payload = await engine.codec.encode(value);
    const budget = new Budget(engine.deadlineMs);
    const ttlMs = jittered(ttlFor(freshness, value), freshness.jitter);
    const lifeMs = ttlMs + staleForMs(freshness);
    const stamp = await tokens.current(tags, lifeMs, budget);
    const now = isTimed(freshness) ? await store.now(budget) : undefined;
    if (stamp === UNAVAILABLE || now === UNAVAILABLE) return false;
    engine.tagAdvice.ofValue(stamp);
    const times = now === undefined ? NO_TIMES : { staleFromMs: now + ttlMs, madeInMs: 0 };
    const entry = createEntry(stamp, payload, times);
    return (await store.write(entryKey, entry, lifeMs, budget)) !== UNAVAILABLE;
  } catch (error) {
    announce.failure('cache.encode', entryKey, error);
    return false;
  } finally {
    cache.detach(entryKey);
  }
}

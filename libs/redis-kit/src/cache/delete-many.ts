import { applyInvalidations } from './apply-invalidations.js';
import type { CacheParts } from './cache-parts.js';
import type { Invalidation } from './invalidations.js';

/** Keys on their way at the same time: enough that round trips do not count, few enough to be answered in good time. */
const KEYS_AT_ONCE = 500;

/** Removes keys, some at a time; true when there was something under one of them. */
export async function deleteMany(cache: CacheParts, keys: readonly string[]): Promise<boolean> {
  const entryKeys = [...new Set(keys)].map((key) => cache.entryKey(key));
  const invalidations = entryKeys.map((key): Invalidation => ({ type: 'key', key }));
  const detach = () => entryKeys.forEach((key) => cache.detach(key));
  return applyInvalidations(cache, `${entryKeys.length} keys`, invalidations, detach, KEYS_AT_ONCE);
}

import type { CacheManyOptions } from './cache-calls.js';
import type { CacheParts } from './cache-parts.js';
import type { Target } from './engine.js';
import { freshnessOf } from './freshness.options.js';
import { NO_TAGS, tagSet } from './tags.js';

/** What a call with many keys asks for, key by key, repeated ones once. */
export function manyTargets(
  cache: CacheParts,
  keys: Iterable<string>,
  options: CacheManyOptions,
): Target[] {
  const { tags } = options;
  const freshness = freshnessOf(cache.options.freshness, options);
  const shared = typeof tags === 'function' ? NO_TAGS : tagSet(tags);
  return [...new Set(keys)].map((name) => ({
    name,
    key: cache.entryKey(name),
    tags: typeof tags === 'function' ? tagSet(tags(name)) : shared,
    freshness,
  }));
}

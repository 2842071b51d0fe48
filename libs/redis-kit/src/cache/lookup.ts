import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { CacheLookup, CacheReadOptions } from './cache-calls.js';
import type { CacheParts } from './cache-parts.js';
import { decode } from './engine.js';
import { NO_TAGS } from './tags.js';

/** Reads one key, and makes nothing. */
export async function lookup(
  cache: CacheParts,
  key: string,
  { strict = cache.options.freshness.isStrict }: CacheReadOptions,
): Promise<CacheLookup<unknown>> {
  const { announce, engine, memo, options, tokens } = cache;
  const startedAt = announce.start();
  const entryKey = cache.entryKey(key);
  const kept = strict ? undefined : cache.kept(entryKey, NO_TAGS);
  if (kept) {
    announce.hit(key, 'memory', startedAt);
    return { hit: true, value: kept.value };
  }
  const askedAt = memo?.moment();
  const budget = new Budget(options.deadlineMs);
  const view = await tokens.view(entryKey, NO_TAGS, budget, strict);
  const named = { name: key, key: entryKey };
  const found = view === UNAVAILABLE ? view : await decode(engine, named, view, budget);
  if (found === UNAVAILABLE) {
    announce.read(key, 'factory-without-redis', startedAt);
    return { hit: false };
  }
  const isHit = found.type === 'value' && found.staleMs < 0;
  announce.read(key, isHit ? 'cache' : 'factory', startedAt);
  if (isHit && askedAt !== undefined) memo?.remember(entryKey, found.value, NO_TAGS, askedAt);
  return isHit ? { hit: true, value: found.value } : { hit: false };
}

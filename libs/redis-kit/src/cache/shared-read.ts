import type { CacheCallOptions } from './cache-calls.js';
import type { CacheParts } from './cache-parts.js';
import type { CacheFactory, FactoryContext } from './factory-runs.js';
import { freshnessOf } from './freshness.options.js';
import { getOrSet } from './get-or-set.js';
import { tagSet } from './tags.js';

/** One call of `getOrSet`: answered from local memory, or by the flight of its key. */
export async function sharedRead<T>(
  cache: CacheParts,
  key: string,
  factory: CacheFactory<T>,
  options: CacheCallOptions,
): Promise<T> {
  const { announce, engine, flights, memo, runs } = cache;
  const startedAt = performance.now();
  const freshness = freshnessOf(cache.options.freshness, options);
  const tags = tagSet(options.tags);
  const entryKey = cache.entryKey(key);
  const kept = freshness.isStrict ? undefined : cache.kept(entryKey, tags);
  if (kept) {
    announce.hit(key, 'memory', startedAt);
    return kept.value as T;
  }
  if (flights.isWithin(entryKey)) {
    return runs.start({ cache: cache.name, key, tags, factory }).value as Promise<T>;
  }
  const run = (context: FactoryContext<never>) =>
    flights.runFactory(entryKey, () => factory(context));
  const askedAt = memo?.moment();
  const start = () => getOrSet(engine, { name: key, key: entryKey, tags, freshness, factory: run });
  const { value, source } = await (freshness.isStrict
    ? flights.start(entryKey, tags, start)
    : flights.join(entryKey, tags, start));
  announce.read(key, source, startedAt);
  if (askedAt !== undefined && source === 'cache') memo?.remember(entryKey, value, tags, askedAt);
  return value as T;
}

import type { CacheCallOptions } from './cache-calls.js';
import type { CacheParts } from './cache-parts.js';
import type { CacheFactory, FactoryContext } from './factory-runs.js';
import { freshnessOf } from './freshness.options.js';
import { getOrSet, unstored } from './get-or-set.js';
import { NO_TAGS, tagSet } from './tags.js';

/** One call of `getOrSet`: answered from local memory, or by the flight of its key. */
export function sharedRead<T>(
  cache: CacheParts,
  key: string,
  factory: CacheFactory<T>,
  options: CacheCallOptions,
): Promise<T> {
  const { announce, local, memo } = cache;
  const { tags = NO_TAGS, strict = cache.options.freshness.isStrict } = options;
  // Most calls end here, so nothing is made or checked before that only the others need.
  const mayKeep = local?.keepsValues === true || memo !== undefined;
  if (mayKeep && !strict && isKey(key) && (tags === NO_TAGS || Array.isArray(tags))) {
    const startedAt = announce.start();
    const kept = cache.kept(cache.entryKey(key), tags);
    if (kept) {
      announce.hit(key, 'memory', startedAt);
      return Promise.resolve(kept.value as T);
    }
  }
  return readThrough(cache, key, factory, options);
}

const isKey = (key: unknown): boolean => typeof key === 'string' && key !== '';

async function readThrough<T>(
  cache: CacheParts,
  key: string,
  factory: CacheFactory<T>,
  options: CacheCallOptions,
): Promise<T> {
  const { announce, engine, flights, memo, runs } = cache;
  const startedAt = announce.start();
  const freshness = freshnessOf(cache.options.freshness, options);
  const tags = tagSet(options.tags);
  const entryKey = cache.entryKey(key);
  if (flights.isWithin(entryKey)) {
    return runs.start({ cache: cache.name, key, tags, factory }).value as Promise<T>;
  }
  const run = (context: FactoryContext<never>) =>
    flights.runFactory(entryKey, () => factory(context));
  const askedAt = memo?.moment();
  let isShared = true;
  const call = { name: key, key: entryKey, tags, freshness, factory: run };
  const start = () => {
    isShared = false;
    return getOrSet(engine, call);
  };
  const alone = () => {
    isShared = false;
    return unstored(engine, call, false);
  };
  const { value, source } = await (freshness.isStrict
    ? flights.start(entryKey, call, start)
    : flights.join(entryKey, call, start, alone));
  announce.read(key, source, startedAt, isShared);
  if (askedAt !== undefined && source === 'cache') memo?.remember(entryKey, value, tags, askedAt);
  return value as T;
}

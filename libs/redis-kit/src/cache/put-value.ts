import { applyInvalidations } from './apply-invalidations.js';
import type { CacheCallOptions } from './cache-calls.js';
import type { CacheParts } from './cache-parts.js';
import type { CacheFactory, FactoryContext } from './factory-runs.js';
import { fencedPut } from './fenced-put.js';
import { freshnessOf } from './freshness.options.js';
import { tagSet } from './tags.js';

/** One call of `put`. */
export async function putValue<T>(
  cache: CacheParts,
  key: string,
  produce: CacheFactory<T>,
  options: CacheCallOptions,
): Promise<T> {
  const { engine, flights } = cache;
  const entryKey = cache.entryKey(key);
  const detach = () => cache.detach(entryKey);
  const value = await fencedPut(engine, {
    name: key,
    key: entryKey,
    tags: tagSet(options.tags),
    freshness: freshnessOf(cache.options.freshness, options),
    factory: (context: FactoryContext<never>) =>
      flights.runFactory(entryKey, () => produce(context)),
    detach,
    remove: () =>
      applyInvalidations(cache, `key '${key}'`, [{ type: 'key', key: entryKey }], detach),
  });
  return value as T;
}

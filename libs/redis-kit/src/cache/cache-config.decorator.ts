import { setCacheConfig, type CacheConfigOptions } from './cache-config.js';
import { injectCache } from './cached-method.js';
import { assertFreshness } from './freshness.options.js';
import { tagSet } from './tags.js';

/**
 * Defaults for the `@Cacheable`, `@CachePut` and `@CacheEvict` methods of a class. A class that extends it has them too,
 * and may replace each by a `@CacheConfig` of its own.
 */
export function CacheConfig(options: CacheConfigOptions) {
  return (target: abstract new (...args: never[]) => object): void => {
    assertFreshness(options);
    tagSet(options.tags);
    const prototype = target.prototype as object;
    if (options.cache !== undefined) injectCache(prototype, options.cache);
    setCacheConfig(prototype, options);
  };
}

import 'reflect-metadata';
import type { Duration } from '../core/duration.js';
import { injectProperty, replaceMethod } from '../core/method-decorator.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { keyOf, tagsOf, type CacheKey } from './cache-key.js';
import type { CacheService } from './cache.service.js';
import type { FreshnessOptions } from './freshness.options.js';
import { getCacheToken } from './caches.js';

export interface CacheableOptions extends FreshnessOptions {
  /**
   * A template (`'product:{id}'`, `'page:{query.page}'`, `'user:{0}'`) or a function of the arguments. Without it the
   * key is made of class, method and arguments.
   */
  readonly key?: CacheKey | undefined;
  /** How long a result is fresh; default: the cache's `ttl`. */
  readonly ttl?: Duration | undefined;
  /** Tags: templates like those of keys (`['products', 'product:{id}']`), or a function of the arguments. */
  readonly tags?: readonly string[] | ((...args: never[]) => readonly string[]) | undefined;
  /** Name of the cache; default: `'default'`. */
  readonly cache?: string | undefined;
}

type AsyncMethod = (...args: never[]) => Promise<unknown>;

/**
 * Caches what a provider's method resolves to.
 *
 * Works on every provider and controller, whatever its scope. A class that uses it does not start without the cache:
 * it never becomes a silent no-op. Callers of one key share one run, errors included.
 */
export function Cacheable(options: CacheableOptions = {}) {
  return <T extends AsyncMethod>(
    prototype: object,
    property: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const { key: keyOption, tags: tagsOption, cache: cacheName, ...freshness } = options;
    const token = getCacheToken(cacheName);
    const name = String(property);
    const method = descriptor.value!;
    const key = keyOf(keyOption, method, name);
    const tags = tagsOf(tagsOption, method, name);
    injectProperty(prototype, token);
    replaceMethod(descriptor, async function (this: object | undefined, ...args: unknown[]) {
      if (this === undefined) {
        throw new ConfigurationError(
          `${name}() is @Cacheable, but it was called without its instance, which holds the cache.`,
        );
      }
      const cache = (this as Record<symbol, CacheService | undefined>)[token];
      const { name: className } = this.constructor;
      if (!cache) {
        throw new ConfigurationError(
          `${className}.${name}() is @Cacheable, but this instance was not made by Nest, so it has no cache.`,
        );
      }
      const run = () => method.apply(this, args as never[]);
      return cache.getOrSet(key(args, className), run, { ...freshness, tags: tags(args) });
    });
  };
}

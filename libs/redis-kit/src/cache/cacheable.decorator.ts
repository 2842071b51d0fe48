import { cacheConfigOf } from './cache-config.js';
import { tagsOf } from './cache-key.js';
import {
  assertTtl,
  CachedMethod,
  decorateMethod,
  type AsyncMethod,
  type StoringMethodOptions,
} from './cached-method.js';
import { isInTransaction } from './in-transaction.js';
import { makeInvalidatable } from './invalidate.js';
import { Unstored } from './unstored.js';

export interface CacheableOptions extends StoringMethodOptions {
  /** Tags: templates like those of keys (`['products', 'product:{id}']`), or a function of the arguments. */
  readonly tags?: readonly string[] | ((...args: never[]) => readonly string[]) | undefined;
}

/**
 * Caches what a provider's method resolves to.
 *
 * Works on every provider and controller, whatever its scope. A class that uses it does not start without the cache:
 * it never becomes a silent no-op. Callers of one key share one run, errors included. `invalidate(instance, 'method',
 * ...args)` makes it forget one call.
 */
export function Cacheable(options: CacheableOptions = {}) {
  assertTtl(options.ttl);
  return <T extends AsyncMethod>(
    prototype: object,
    property: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const plan = new CachedMethod('Cacheable', String(property), options, descriptor.value!);
    const tags = tagsOf(options.tags, plan.original, plan.name);
    decorateMethod(
      { prototype, descriptor },
      plan,
      options,
      async ({ instance, args, cache, run }) => {
        // What a transaction sees is not what others may see.
        if (isInTransaction()) return run();
        const config = cacheConfigOf(instance);
        const produce = async () => {
          const result = await run();
          const isRefused = options.unless?.(result as never, ...(args as never[])) === true;
          return isRefused ? new Unstored(result) : result;
        };
        return cache.getOrSet(plan.key(instance, args), produce, {
          ttl: options.ttl ?? config.ttl,
          tags: [...(config.tags ?? []), ...tags(args)],
        });
      },
    );
    makeInvalidatable({ prototype, property, method: descriptor.value! }, plan);
  };
}

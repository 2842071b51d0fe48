import { tagsOf } from './cache-key.js';
import {
  CachedMethod,
  callOptions,
  decorateMethod,
  storing,
  type AsyncMethod,
  type StoringMethodOptions,
} from './cached-method.js';
import { isInTransaction } from './in-transaction.js';
import { makeInvalidatable } from './invalidate.js';

export interface CacheableOptions extends StoringMethodOptions {}

/**
 * Caches what a provider's method resolves to.
 *
 * Works on every provider and controller, whatever its scope. A class that uses it does not start without the cache:
 * it never becomes a silent no-op. Callers of one key share one run, errors included. `invalidate(instance, 'method',
 * ...args)` makes it forget one call.
 */
export function Cacheable(options: CacheableOptions = {}) {
  return <T extends AsyncMethod>(
    prototype: object,
    property: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const plan = new CachedMethod('Cacheable', String(property), options, descriptor.value!);
    const tags = tagsOf(options.tags, plan.original, plan.name);
    decorateMethod({ prototype, descriptor }, plan, options, (call) => {
      // What a transaction sees is not what others may see.
      if (isInTransaction()) return call.run();
      const { instance, args, cache } = call;
      const asked = callOptions(plan.ofClass(instance), tags(args));
      return cache.getOrSet(plan.key(instance, args), storing(call, options), asked);
    });
    makeInvalidatable({ prototype, property, method: descriptor.value! }, plan);
  };
}

import { tagsOf } from './cache-key.js';
import { CacheInvalidationError } from './cache.errors.js';
import {
  CachedMethod,
  callOptions,
  decorateMethod,
  storing,
  type AsyncMethod,
  type StoringMethodOptions,
} from './cached-method.js';
import type { FactoryContext } from './factory-runs.js';

export interface CachePutOptions extends StoringMethodOptions {
  /**
   * When the method has succeeded and Redis did not take the removal of the old value: `throw` rejects with
   * `CacheInvalidationError`, `queue` returns the result; either way the removal is tried until Redis takes it.
   * @default 'throw'
   */
  readonly onFailure?: 'throw' | 'queue' | undefined;
}

/**
 * Runs the method on every call and stores what it resolves to, for those who read the same key.
 *
 * The old value is gone before the method starts. The result is stored only when nothing happened to the key during the
 * method; otherwise the key stays empty, and the next reader asks the source. A result that `unless` refuses leaves the
 * key empty. Inside `inTransaction` the key is deleted after the commit instead.
 */
export function CachePut(options: CachePutOptions) {
  return <T extends AsyncMethod>(
    prototype: object,
    property: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const plan = new CachedMethod('CachePut', String(property), options, descriptor.value!);
    const tags = tagsOf(options.tags, plan.original, plan.name);
    decorateMethod({ prototype, descriptor }, plan, options, async (call) => {
      const { instance, args, cache } = call;
      const asked = callOptions(plan.ofClass(instance), tags(args));
      const produce = storing(call, options);
      let produced: { readonly result: unknown } | undefined;
      const noted = async (context: FactoryContext) => {
        const result = await produce(context);
        produced = { result };
        return result;
      };
      try {
        return await cache.put<unknown>(plan.key(instance, args), noted, asked);
      } catch (error) {
        const isQueued = produced && error instanceof CacheInvalidationError;
        if (produced && isQueued && options.onFailure === 'queue') return produced.result;
        throw error;
      }
    });
  };
}

import { tagsOf } from './cache-key.js';
import { CacheKeyError } from './cache.errors.js';
import {
  CachedMethod,
  decorateMethod,
  invalidating,
  type AsyncMethod,
  type CachedCall,
  type CachedMethodOptions,
} from './cached-method.js';
import { afterCommit } from './in-transaction.js';

export interface CacheEvictOptions extends CachedMethodOptions {
  /** Tags to invalidate: templates like those of keys, or a function of the arguments. */
  readonly tags?: readonly string[] | ((...args: never[]) => readonly string[]) | undefined;
  /** Further tags to invalidate, known from the result only: a function of the result and the arguments. */
  readonly resultTags?: ((result: never, ...args: never[]) => readonly string[]) | undefined;
  /**
   * Invalidates the whole cache.
   * @default false
   */
  readonly allEntries?: boolean | undefined;
  /**
   * Evicts before the method runs, and so also when it throws. A reader that comes before the method's change is
   * committed stores the old value again: for a change, leave it off.
   * @default false
   */
  readonly beforeInvocation?: boolean | undefined;
  /**
   * When Redis did not take an eviction: `throw` rejects with `CacheInvalidationError`, although the method has
   * succeeded; `queue` returns its result; either way the eviction is tried until Redis takes it.
   * @default 'throw'
   */
  readonly onFailure?: 'throw' | 'queue' | undefined;
}

/**
 * Evicts a key, tags or everything after the method has resolved, and nothing when it threw. Inside `inTransaction` it
 * does so after the commit.
 *
 * @throws CacheKeyError when the class is loaded and the options name nothing to evict.
 */
export function CacheEvict(options: CacheEvictOptions) {
  const {
    key,
    tags,
    resultTags,
    allEntries = false,
    beforeInvocation = false,
    onFailure,
  } = options;
  return <T extends AsyncMethod>(
    prototype: object,
    property: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const name = String(property);
    if (key === undefined && !tags && !resultTags && !allEntries) {
      throw new CacheKeyError(`@CacheEvict of ${name}() names no key, no tags and not allEntries`);
    }
    if (resultTags && beforeInvocation) {
      throw new CacheKeyError(`@CacheEvict of ${name}() has resultTags before there is a result`);
    }
    const plan = new CachedMethod('CacheEvict', name, options, descriptor.value!);
    const tagsOfCall = tagsOf(tags, plan.original, name);

    const evictor = ({ cache, instance, args }: CachedCall) => {
      // Told before the method runs, which may change its arguments.
      const evictedKey = key === undefined ? undefined : plan.key(instance, args);
      const early = tagsOfCall(args);
      return (late: readonly string[] = []) =>
        invalidating(onFailure, async () => {
          const all = [...early, ...late];
          const results = await Promise.allSettled([
            allEntries ? cache.clear() : undefined,
            evictedKey === undefined ? undefined : cache.delete(evictedKey),
            all.length === 0 ? undefined : cache.invalidateTags(...all),
          ]);
          for (const result of results) if (result.status === 'rejected') throw result.reason;
        });
    };

    decorateMethod({ prototype, descriptor }, plan, options, async (call) => {
      const evict = evictor(call);
      if (beforeInvocation) await evict();
      const result = await call.run();
      if (!beforeInvocation) {
        const late = resultTags?.(result as never, ...(call.args as never[]));
        await afterCommit(() => evict(late));
      }
      return result;
    });
  };
}

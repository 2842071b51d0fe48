import { cacheConfigOf } from './cache-config.js';
import { tagsOf } from './cache-key.js';
import { CacheInvalidationError } from './cache.errors.js';
import {
  assertTtl,
  CachedMethod,
  decorateMethod,
  type AsyncMethod,
  type StoringMethodOptions,
} from './cached-method.js';
import { Unstored } from './unstored.js';

export interface CachePutOptions extends StoringMethodOptions {
  /**
   * Tags: templates like those of keys, or a function of the result and the arguments. With a function a result is
   * stored only if its tags are among those of the value before; other results leave the key empty.
   */
  readonly tags?:
    readonly string[] | ((result: never, ...args: never[]) => readonly string[]) | undefined;
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
  assertTtl(options.ttl);
  return <T extends AsyncMethod>(
    prototype: object,
    property: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const { unless, onFailure = 'throw', tags } = options;
    const plan = new CachedMethod('CachePut', String(property), options, descriptor.value!);
    const late = typeof tags === 'function' ? tags : undefined;
    const early = tagsOf(typeof tags === 'function' ? [] : tags, plan.original, plan.name);
    decorateMethod(
      { prototype, descriptor },
      plan,
      options,
      async ({ instance, args, cache, run }) => {
        const config = cacheConfigOf(instance);
        const given = args as never[];
        const always = config.tags ?? [];
        let produced: { readonly result: unknown } | undefined;
        const produce = async () => {
          const result = await run();
          produced = { result };
          return unless?.(result as never, ...given) === true ? new Unstored(result) : result;
        };
        try {
          return await cache.put<unknown>(plan.key(instance, args), produce, {
            ttl: options.ttl ?? config.ttl,
            tags: late
              ? (result) => [...always, ...late(result as never, ...given)]
              : [...always, ...early(args)],
          });
        } catch (error) {
          const isQueued = produced && error instanceof CacheInvalidationError;
          if (produced && isQueued && onFailure === 'queue') return produced.result;
          throw error;
        }
      },
    );
  };
}

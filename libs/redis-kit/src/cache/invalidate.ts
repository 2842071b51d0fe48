import { ConfigurationError } from '../core/redis-kit.error.js';
import { holdersOf } from './cache-holders.js';
import type { CacheService } from './cache.service.js';
import type { CachedMethod } from './cached-method.js';
import { afterCommit } from './in-transaction.js';

type Method = (...args: never[]) => Promise<unknown>;
type MethodNames<S> = { [K in keyof S]: S[K] extends Method ? K : never }[keyof S];
type ArgumentsOf<M> = M extends (...args: infer A) => unknown ? A : never;

/** A `@Cacheable` method as it is at run time; a decorator cannot tell TypeScript. */
export type Invalidatable<M extends Method> = M & {
  /** Deletes the entry of a call, as `invalidate` does; for processes with one application. */
  invalidate(...args: Parameters<M>): Promise<void>;
};

/** The cached methods of each prototype: found by name, so that a spy in the method's place hides nothing. */
const plans = new WeakMap<object, Map<PropertyKey, CachedMethod>>();

/** Makes a cached method known to `invalidate`, and gives it an `invalidate` of its own. */
export function makeInvalidatable(
  { prototype, property, method }: { prototype: object; property: PropertyKey; method: Method },
  plan: CachedMethod,
): void {
  const methods = plans.get(prototype) ?? new Map<PropertyKey, CachedMethod>();
  plans.set(prototype, methods.set(property, plan));
  Object.defineProperty(method, 'invalidate', {
    configurable: true,
    value: async (...args: unknown[]) => {
      const calls = [...holdersOf(prototype)]
        .map(([cache, { prototype: holder }]) => ({ cache: cache as CacheService, holder }))
        .filter(({ cache, holder }) => plan.ofClass(holder).cacheName === cache.name);
      if (new Set(calls.map(({ cache }) => cache)).size !== 1) {
        throw new ConfigurationError(
          `${plan.name}.invalidate() found ${calls.length === 0 ? 'no' : 'more than one'} application in this ` +
            `process that has made an instance. Use invalidate(instance, '${plan.name}', ...).`,
        );
      }
      const keys = new Set(calls.map(({ holder }) => plan.key(holder, args)));
      for (const key of keys) await afterCommit(() => calls[0]!.cache.delete(key));
    },
  });
}

/**
 * Deletes exactly the entry that a `@Cacheable` method uses for these arguments:
 * `await invalidate(products, 'find', id)`. Inside `inTransaction` it does so after the commit.
 *
 * @throws CacheInvalidationError when Redis did not take it; it is queued.
 * @throws ConfigurationError when the method is not `@Cacheable`.
 */
export async function invalidate<S extends object, K extends MethodNames<S>>(
  instance: S,
  method: K,
  ...args: ArgumentsOf<S[K]>
): Promise<void> {
  const plan = planOf(instance, method);
  if (!plan) {
    throw new ConfigurationError(
      `${instance.constructor.name}.${String(method)}() is not @Cacheable`,
    );
  }
  const cache = plan.cache(instance);
  const key = plan.key(instance, args as unknown[]);
  await afterCommit(() => cache.delete(key));
}

function planOf(instance: object, method: PropertyKey): CachedMethod | undefined {
  for (let at: object | null = instance; at; at = Object.getPrototypeOf(at) as object | null) {
    const plan = plans.get(at)?.get(method);
    if (plan) return plan;
  }
  return undefined;
}

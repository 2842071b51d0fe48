import 'reflect-metadata';
import { injectProperty, originalOf, replaceMethod } from '../core/method-decorator.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { cacheConfigOf } from './cache-config.js';
import { keyOf, type CacheKey } from './cache-key.js';
import { noteHolder } from './cache-holders.js';
import { assertKeysApart, noteDerived } from './derived-keys.js';
import { CacheInvalidationError } from './cache.errors.js';
import type { CacheCallOptions } from './cache-calls.js';
import type { CacheService } from './cache.service.js';
import type { FactoryContext } from './factory-runs.js';
import { getCacheToken } from './caches.js';
import { assertFreshness, freshnessIn, type CallFreshness } from './freshness.options.js';

export type AsyncMethod = (...args: never[]) => Promise<unknown>;

/** What the decorators of methods have in common. */
export interface CachedMethodOptions {
  /**
   * A template (`'product:{id}'`, `'page:{query.page}'`, `'user:{0}'`) or a function of the arguments. Without it the
   * key is made of class, method and arguments.
   */
  readonly key?: CacheKey | undefined;
  /** Name of the cache; default: that of `@CacheConfig`, else `'default'`. */
  readonly cache?: string | undefined;
  /** Says by the arguments whether the cache is used at all; without it the method runs as if not decorated. */
  readonly condition?: ((...args: never[]) => boolean) | undefined;
}

/** What the decorators that store have in common. */
export interface StoringMethodOptions extends CachedMethodOptions, CallFreshness {
  /** Tags: templates like those of keys (`['products', 'product:{id}']`), or a function of the arguments. */
  readonly tags?: readonly string[] | ((...args: never[]) => readonly string[]) | undefined;
  /**
   * Further tags, known from the result only: a function of the result and the arguments. They are heeded as those of
   * `setTags` in a factory: the result is stored only if none of them may have been invalidated meanwhile.
   */
  readonly resultTags?: ((result: never, ...args: never[]) => readonly string[]) | undefined;
  /** Says by the result and the arguments whether it is returned without being stored. */
  readonly unless?: ((result: never, ...args: never[]) => boolean) | undefined;
}

/** One call of a decorated method. */
export interface CachedCall {
  readonly instance: object;
  readonly args: readonly unknown[];
  readonly cache: CacheService;
  /** Runs the method itself. */
  readonly run: () => Promise<unknown>;
}

/** What a decorated method is in one class: its own, or one that extends it. */
interface MethodOfClass {
  readonly cacheName: string;
  readonly token: symbol;
  readonly keyPrefix: string;
  /** Of the class. */
  readonly tags: readonly string[];
  readonly freshness: CallFreshness;
}

/** A decorated method, prepared when its class is loaded. */
export class CachedMethod {
  /** As it was written: the one whose source names the parameters. */
  readonly original: (...args: never[]) => unknown;
  readonly #key: ReturnType<typeof keyOf>;
  readonly #classes = new WeakMap<object, MethodOfClass>();

  constructor(
    readonly decorator: string,
    readonly name: string,
    private readonly options: CachedMethodOptions & CallFreshness,
    method: (...args: never[]) => unknown,
  ) {
    assertFreshness(options);
    this.original = originalOf(method);
    this.#key = keyOf(options.key, this.original, name);
  }

  /** Prepared at the first call: the class may have its `@CacheConfig` only after its methods are decorated. */
  ofClass(instance: object): MethodOfClass {
    const { constructor } = instance;
    const known = this.#classes.get(constructor);
    if (known) return known;
    const config = cacheConfigOf(instance);
    const { cache, keyPrefix = '', tags = [] } = config;
    const cacheName = this.options.cache ?? cache ?? 'default';
    const made = {
      cacheName,
      token: getCacheToken(cacheName),
      keyPrefix,
      tags,
      freshness: { ...freshnessIn(config), ...freshnessIn(this.options) },
    };
    this.#classes.set(constructor, made);
    return made;
  }

  /** The key of a call, made with the class of an instance, or with its prototype. */
  key(instance: object, args: readonly unknown[]): string {
    return this.ofClass(instance).keyPrefix + this.#key(args, instance.constructor.name);
  }

  /** The cache Nest gave this instance. */
  cache(instance: object): CacheService {
    const { token } = this.ofClass(instance);
    const cache = (instance as Record<symbol, CacheService | undefined>)[token];
    if (cache) return cache;
    throw new ConfigurationError(
      `${instance.constructor.name}.${this.name}() is @${this.decorator}, but this instance was not made by Nest, so it has no cache.`,
    );
  }

  /** Whether its keys are made of class, method and arguments. */
  get derivesKeys(): boolean {
    return this.options.key === undefined && this.decorator !== 'CacheEvict';
  }

  accepts(args: readonly unknown[]): boolean {
    return this.options.condition?.(...(args as never[])) ?? true;
  }
}

/** Has Nest put a cache on each instance of a class, and remembers who got it. */
export function injectCache(prototype: object, name: string | undefined): void {
  const token = getCacheToken(name);
  injectProperty(prototype, token);
  Object.defineProperty(prototype, token, {
    configurable: true,
    set(this: object, cache: CacheService) {
      noteHolder(this, cache, (holder, other) => assertKeysApart(token, holder, other));
      Object.defineProperty(this, token, { value: cache, writable: true, configurable: true });
    },
  });
}

/** Puts `around` around a method. */
export function decorateMethod<T extends AsyncMethod>(
  target: { prototype: object; descriptor: TypedPropertyDescriptor<T> },
  plan: CachedMethod,
  options: CachedMethodOptions,
  around: (call: CachedCall) => Promise<unknown>,
): void {
  const { prototype, descriptor } = target;
  const method = descriptor.value!;
  injectCache(prototype, options.cache);
  if (plan.derivesKeys) noteDerived(prototype, plan);
  const call = (instance: object | undefined, args: readonly unknown[]): Promise<unknown> => {
    if (instance === undefined) {
      throw new ConfigurationError(
        `${plan.name}() is @${plan.decorator}, but it was called without its instance, which holds the cache.`,
      );
    }
    const cache = plan.cache(instance);
    const run = () => method.apply(instance, args as never[]);
    return plan.accepts(args) ? around({ instance, args, cache, run }) : run();
  };
  // Not an async function: most calls are hits, whose promise it would put into another one.
  replaceMethod(descriptor, function (this: object | undefined, ...args: unknown[]) {
    try {
      return Promise.resolve(call(this, args));
    } catch (error) {
      return Promise.reject(error);
    }
  });
}

/** What a call asks of the cache: the options of its method, and its tags. */
export function callOptions(
  { tags: always, freshness }: Pick<MethodOfClass, 'tags' | 'freshness'>,
  own: readonly string[],
): CacheCallOptions {
  if (always.length > 0) return { ...freshness, tags: [...always, ...own] };
  return own.length > 0 ? { ...freshness, tags: own } : freshness;
}

/** The method as a factory, with what its options say of the result. */
export function storing(
  { args, run }: CachedCall,
  { unless, resultTags }: StoringMethodOptions,
): (context: Pick<FactoryContext, 'skip' | 'setTags'>) => Promise<unknown> {
  const given = args as never[];
  return async (context) => {
    const result = await run();
    if (unless?.(result as never, ...given) === true) context.skip();
    else if (resultTags) context.setTags(...resultTags(result as never, ...given));
    return result;
  };
}

/** An invalidation that is queued may count as done, where the decorator says so. */
export async function invalidating(
  onFailure: 'throw' | 'queue' = 'throw',
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (onFailure === 'throw' || !(error instanceof CacheInvalidationError)) throw error;
  }
}

import 'reflect-metadata';
import { toMs, type Duration } from '../core/duration.js';
import { injectProperty, originalOf, replaceMethod } from '../core/method-decorator.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { cacheConfigOf } from './cache-config.js';
import { keyOf, type CacheKey } from './cache-key.js';
import { noteHolder } from './cache-holders.js';
import { CacheInvalidationError } from './cache.errors.js';
import type { CacheService } from './cache.service.js';
import { getCacheToken } from './caches.js';

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
export interface StoringMethodOptions extends CachedMethodOptions {
  /** How long a result is kept; default: that of `@CacheConfig`, else the cache's `ttl`. */
  readonly ttl?: Duration | undefined;
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

/** A decorated method, prepared when its class is loaded. */
export class CachedMethod {
  /** As it was written: the one whose source names the parameters. */
  readonly original: (...args: never[]) => unknown;
  readonly #key: ReturnType<typeof keyOf>;

  constructor(
    readonly decorator: string,
    readonly name: string,
    private readonly options: CachedMethodOptions,
    method: (...args: never[]) => unknown,
  ) {
    this.original = originalOf(method);
    this.#key = keyOf(options.key, this.original, name);
  }

  /** The key of a call, made with the class of an instance, or with its prototype. */
  key(instance: object, args: readonly unknown[]): string {
    const { keyPrefix = '' } = cacheConfigOf(instance);
    return keyPrefix + this.#key(args, instance.constructor.name);
  }

  cacheName(instance: object): string {
    return this.options.cache ?? cacheConfigOf(instance).cache ?? 'default';
  }

  /** The cache Nest gave this instance. */
  cache(instance: object): CacheService {
    const token = getCacheToken(this.cacheName(instance));
    const cache = (instance as Record<symbol, CacheService | undefined>)[token];
    if (cache) return cache;
    throw new ConfigurationError(
      `${instance.constructor.name}.${this.name}() is @${this.decorator}, but this instance was not made by Nest, so it has no cache.`,
    );
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
      noteHolder(this, cache);
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
  replaceMethod(descriptor, async function (this: object | undefined, ...args: unknown[]) {
    if (this === undefined) {
      throw new ConfigurationError(
        `${plan.name}() is @${plan.decorator}, but it was called without its instance, which holds the cache.`,
      );
    }
    const cache = plan.cache(this);
    const run = () => method.apply(this, args as never[]);
    return plan.accepts(args) ? around({ instance: this, args, cache, run }) : run();
  });
}

/** Fails while the class is loaded, rather than at the first call. */
export function assertTtl(ttl: Duration | undefined): void {
  if (ttl !== undefined) toMs(ttl);
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

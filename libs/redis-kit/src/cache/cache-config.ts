import type { CallFreshness } from './freshness.options.js';

/** Defaults for the decorated methods of a class. */
export interface CacheConfigOptions extends CallFreshness {
  /** Name of the cache; default: `'default'`. */
  readonly cache?: string | undefined;
  /** Stands before every key of the class, derived ones included. */
  readonly keyPrefix?: string | undefined;
  /** Tags of everything the class stores, besides those of the methods. */
  readonly tags?: readonly string[] | undefined;
}

const configs = new WeakMap<object, CacheConfigOptions>();

export function setCacheConfig(prototype: object, options: CacheConfigOptions): void {
  configs.set(prototype, { ...inherited(prototype), ...defined(options) });
}

/** The defaults of an instance's class, or of the nearest class it extends. */
export function cacheConfigOf(instance: object): CacheConfigOptions {
  return inherited(instance) ?? {};
}

function inherited(from: object): CacheConfigOptions | undefined {
  for (let at: object | null = from; at; at = Object.getPrototypeOf(at) as object | null) {
    const config = configs.get(at);
    if (config) return config;
  }
  return undefined;
}

const defined = (options: CacheConfigOptions): CacheConfigOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

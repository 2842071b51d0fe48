import type { Duration } from '../core/duration.js';

/** Options of one call. */
export interface CacheCallOptions {
  /** How long the value is kept; default: the cache's `ttl`. */
  readonly ttl?: Duration | undefined;
  /** Tags by which the value can be invalidated: up to 64, up to 512 bytes each. */
  readonly tags?: readonly string[] | undefined;
}

/** Options of `put`. */
export interface CachePutCallOptions<T> {
  /** How long the value is kept; default: the cache's `ttl`. */
  readonly ttl?: Duration | undefined;
  /**
   * Tags, or a function of the new value. With a function a value is stored only if its tags are among those of the
   * value before: an invalidation of any other tag during the method would go unnoticed.
   */
  readonly tags?: readonly string[] | ((value: T) => readonly string[]) | undefined;
}

/** A value, or the word that there is none. */
export type CacheLookup<T> = { readonly hit: true; readonly value: T } | { readonly hit: false };

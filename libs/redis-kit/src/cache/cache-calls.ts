import type { CallFreshness } from './freshness.options.js';

/** Options of one call. What is not given is as the cache has it. */
export interface CacheCallOptions extends CallFreshness {
  /** Tags by which the value can be invalidated: up to 64, up to 512 bytes each. */
  readonly tags?: readonly string[] | undefined;
}

/** Options of a read that makes nothing. */
export type CacheReadOptions = Pick<CacheCallOptions, 'strict'>;

/** Options of one call with many keys. */
export interface CacheManyOptions extends CallFreshness {
  /** Tags of all values, or the tags of each by its key. */
  readonly tags?: readonly string[] | ((key: string) => readonly string[]) | undefined;
}

/** A value, or the word that there is none. */
export type CacheLookup<T> = { readonly hit: true; readonly value: T } | { readonly hit: false };

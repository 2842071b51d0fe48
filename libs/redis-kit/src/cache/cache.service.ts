import type { TrackingStatus } from '../core/connections/tracking.js';
import { applyInvalidations } from './apply-invalidations.js';
import type {
  CacheCallOptions,
  CacheLookup,
  CacheManyOptions,
  CacheReadOptions,
} from './cache-calls.js';
import { forgetHolders } from './cache-holders.js';
import { cacheWarmKey } from './cache.keys.js';
import { CacheParts, type CacheDependencies } from './cache-parts.js';
import { deleteMany } from './delete-many.js';
import type { CacheFactory } from './factory-runs.js';
import { getMany, readMany, type LoadMissing } from './get-many.js';
import { invalidatePattern, keysMatching, type CachePatternOptions } from './invalidate-pattern.js';
import type { Invalidation } from './invalidations.js';
import { lookup } from './lookup.js';
import { putValue } from './put-value.js';
import { setMany } from './set-many.js';
import { setValue } from './set-value.js';
import { sharedRead } from './shared-read.js';
import { tagSet } from './tags.js';
import { WarmUp, type WarmOptions, type WarmResult, type WarmSource } from './warm-up.js';

/**
 * One cache.
 *
 * Reads never fail because of Redis: its share of their time is bounded by `deadline`, and then the factory answers.
 * After `delete`, `invalidateTags` or `clear` has returned, no value read before it is served or stored by anybody who
 * asks later, in any process; one call in progress elsewhere may be joined for up to a second.
 * Not promised: that a value is there. Any entry may be gone at any time.
 */
export class CacheService {
  readonly name: string;
  readonly #parts: CacheParts;

  constructor(dependencies: CacheDependencies) {
    this.name = dependencies.name;
    this.#parts = new CacheParts(dependencies);
  }

  /** The value under a key; undefined on a miss. `lookup` tells a stored `undefined` from a miss. */
  async get<T>(key: string, options: CacheReadOptions = {}): Promise<T | undefined> {
    const found = await this.lookup<T>(key, options);
    return found.hit ? found.value : undefined;
  }

  /** The value under a key, and whether there was a fresh one. Never throws because of Redis. */
  lookup<T>(key: string, options: CacheReadOptions = {}): Promise<CacheLookup<T>> {
    return lookup(this.#parts, key, options) as Promise<CacheLookup<T>>;
  }

  /** Whether there is a fresh value under a key. Never throws because of Redis. */
  async has(key: string, options: CacheReadOptions = {}): Promise<boolean> {
    return (await this.lookup(key, options)).hit;
  }

  /**
   * The value under a key; on a miss the value of `factory`, which is then stored.
   *
   * Callers of one key share one read and one factory; among processes one factory runs at a time. `null` and
   * `undefined` are values like any other. What the factory throws, all its callers in this process get, and nothing is
   * stored, unless `errorTtl` or `staleIfError` say otherwise. A value that was stored without one of `tags` counts as a
   * miss.
   */
  getOrSet<T>(key: string, factory: CacheFactory<T>, options: CacheCallOptions = {}): Promise<T> {
    return sharedRead(this.#parts, key, factory, options);
  }

  /**
   * Runs a method that changes what the key stands for, and stores what it returns.
   *
   * The old value is gone before the method starts. The result is stored only when nothing happened to the key meanwhile,
   * else the key is empty. Inside `inTransaction` the key is deleted after the commit instead.
   *
   * @throws CacheInvalidationError after the method has succeeded, when the old value could not be removed; it is queued.
   */
  put<T>(key: string, produce: CacheFactory<T>, options: CacheCallOptions = {}): Promise<T> {
    return putValue(this.#parts, key, produce, options);
  }

  /**
   * Stores a value, whatever is there: the last writer wins.
   *
   * @returns false when it was not stored because Redis is unavailable or the value too large; an older value may then
   *   still be there. Use `delete` where that matters: it fails loudly.
   */
  set<T>(key: string, value: T, options: CacheCallOptions = {}): Promise<boolean> {
    return setValue(this.#parts, key, value, options);
  }

  /**
   * Removes a key. Once this has returned, no value read before is served or stored.
   *
   * @returns true when there was something.
   * @throws CacheInvalidationError when Redis did not take it; it is queued, and this process no longer serves the value.
   */
  async delete(key: string): Promise<boolean> {
    return this.#invalidateKey('key', key, (name) => `key '${name}'`);
  }

  /**
   * Makes a value stale now, without removing it: from now on it is served only where `staleWhileRevalidate` or
   * `staleIfError` allow it, and a factory that is running does not make it fresh. A value that was stored without such
   * an option is removed.
   *
   * @returns true when there was something.
   * @throws CacheInvalidationError when Redis did not take it; it is queued.
   */
  async expire(key: string): Promise<boolean> {
    return this.#invalidateKey('freshness', key, (name) => `the freshness of key '${name}'`);
  }

  /**
   * Makes every entry that carries one of these tags invalid, however many there are, with one command a tag. Once this
   * has returned, none of them is served, nor stored by a factory that was running.
   *
   * @throws CacheInvalidationError when Redis did not take all of it; the rest is queued.
   */
  async invalidateTags(...tags: string[]): Promise<void> {
    const { announce, flights } = this.#parts;
    const set = tagSet(tags);
    const subject = `the tags ${[...set].map((tag) => `'${tag}'`).join(', ')}`;
    const invalidations = [...set].map((tag): Invalidation => ({ type: 'tag', tag }));
    await applyInvalidations(this.#parts, subject, invalidations, () => flights.detachTags(set));
    for (const tag of set) announce.invalidated(tag);
  }

  /**
   * Makes every entry of this cache invalid, with one command. Their memory is freed as they expire.
   *
   * @throws CacheInvalidationError when Redis did not take it; it is queued.
   */
  async clear(): Promise<void> {
    const parts = this.#parts;
    await applyInvalidations(parts, 'everything', [{ type: 'all' }], () => parts.detachAll());
    parts.announce.invalidated(null);
  }

  /**
   * What is stored under these keys and fresh, by key and in their order. Never throws because of Redis, which may take
   * the `deadline` for every 500 keys begun.
   */
  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>>;
  /**
   * What is stored under these keys, and for those that are missing what one call of `loadMissing` gives, which is then
   * stored: with the promises of `getOrSet` for each key.
   *
   * `undefined`, and a key that the loader leaves out, mean that there is nothing: it is not stored, and left out of the
   * result. `null` is a value. What the loader throws, the caller gets. It is called once more only for keys another
   * process was loading and did not deliver within `leaderWait`, and for values to be made anew in the background.
   *
   * @throws CacheLoaderError when the loader answers a list of another length, or no Map, object or list.
   */
  async getMany<T>(
    keys: readonly string[],
    loadMissing: LoadMissing<T> | undefined,
    options?: CacheManyOptions,
  ): Promise<Map<string, T>>;
  async getMany<T>(
    keys: readonly string[],
    loadMissing?: LoadMissing<T>,
    options: CacheManyOptions = {},
  ): Promise<Map<string, T>> {
    const values = loadMissing
      ? getMany(this.#parts, keys, loadMissing, options)
      : readMany(this.#parts, keys, options);
    return (await values) as Map<string, T>;
  }

  /**
   * Stores values by key, whatever is there: the last writer wins.
   *
   * @returns how many were stored; see `set` for what it means that one was not.
   */
  async setMany<T>(
    entries: ReadonlyMap<string, T> | Readonly<Record<string, T>>,
    options: CacheManyOptions = {},
  ): Promise<number> {
    const byKey = entries instanceof Map ? entries : new Map(Object.entries(entries));
    return setMany(this.#parts, byKey, options);
  }

  /**
   * Removes keys, with the promise of `delete` for each.
   *
   * @returns true when there was something under one of them.
   * @throws CacheInvalidationError when Redis did not take all of it; the rest is queued.
   */
  deleteMany(keys: readonly string[]): Promise<boolean> {
    return deleteMany(this.#parts, keys);
  }

  /**
   * Removes every entry whose key matches a glob of Redis (`*`, `?`, `[a-z]`, `\` before a character that means itself),
   * on all masters. Its cost grows with the number of keys in Redis, of every kind: prefer tags for what happens often.
   * Keys of more than 512 bytes, and those that begin with `~`, are stored by a digest and not matched reliably.
   *
   * @returns how many entries were removed, those that were no longer valid included.
   * @throws CachePatternError, with the number removed, when it did not get through; it is not repeated.
   */
  invalidatePattern(glob: string, options: CachePatternOptions = {}): Promise<number> {
    return invalidatePattern(this.#parts, glob, options);
  }

  /**
   * The keys under which something is stored and that match a glob of Redis, for tools and maintenance: its cost grows with
   * the number of keys in Redis, of every kind. What is stored may be stale or invalid, and a key may come twice while
   * others are written. Keys of more than 512 bytes, and those that begin with `~`, are stored by a digest and left out.
   *
   * @throws when Redis does not answer a step within `invalidationDeadline`.
   */
  keys(glob = '*'): AsyncIterableIterator<string> {
    return keysMatching(this.#parts, glob);
  }

  /**
   * Loads what is missing before somebody asks for it: in one process only, however many begin at the same time.
   *
   * Each entry is a `getOrSet`. One that fails is counted and does not end the rest; what the source itself throws does.
   */
  async warm(source: WarmSource, options: WarmOptions = {}): Promise<WarmResult> {
    const { keySpace, store, options: own, closing } = this.#parts;
    const warmUp = new WarmUp({
      leaseKey: cacheWarmKey(keySpace, this.name, options.name ?? 'default'),
      store,
      deadlineMs: own.invalidationDeadlineMs,
      signal: closing.signal,
      getOrSet: (key, load, callOptions) => this.getOrSet(key, load, callOptions),
    });
    return warmUp.run(source, options);
  }

  /** Whether values and tokens are kept in this process' memory; `off` when the options say so. */
  get localMemory(): TrackingStatus | 'off' {
    return this.#parts.local?.status ?? 'off';
  }

  /** How long a value is kept unless a call says otherwise, in milliseconds. */
  get ttlMs(): number {
    return this.#parts.options.ttlMs;
  }

  /** Invalidations that wait for Redis, for health. */
  get pendingInvalidations(): number {
    return this.#parts.invalidations.pending;
  }

  /** Resolves when the calls now in progress and the work in the background are done, and stops retrying. */
  async close(): Promise<void> {
    const { closing, flights, invalidations, runs } = this.#parts;
    closing.abort();
    invalidations.close();
    forgetHolders(this);
    await Promise.all([flights.landed(), runs.close()]);
    // What the last flights left behind.
    await runs.close();
  }

  #invalidateKey(
    type: 'key' | 'freshness',
    key: string,
    subject: (key: string) => string,
  ): Promise<boolean> {
    const parts = this.#parts;
    const entryKey = parts.entryKey(key);
    return applyInvalidations(parts, subject(key), [{ type, key: entryKey }], () =>
      parts.detach(entryKey),
    );
  }
}

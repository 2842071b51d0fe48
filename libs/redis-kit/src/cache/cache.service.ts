import type { TrackingStatus } from '../core/connections/tracking.js';
import { applyInvalidations } from './apply-invalidations.js';
import type { CacheCallOptions, CacheLookup } from './cache-calls.js';
import { forgetHolders } from './cache-holders.js';
import { CacheParts, type CacheDependencies } from './cache-parts.js';
import type { CacheFactory } from './factory-runs.js';
import type { Invalidation } from './invalidations.js';
import { lookup } from './lookup.js';
import { putValue } from './put-value.js';
import { setValue } from './set-value.js';
import { sharedRead } from './shared-read.js';
import { tagSet } from './tags.js';

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
  async get<T>(key: string): Promise<T | undefined> {
    const found = await this.lookup<T>(key);
    return found.hit ? found.value : undefined;
  }

  /** The value under a key, and whether there was a fresh one. Never throws because of Redis. */
  lookup<T>(key: string): Promise<CacheLookup<T>> {
    return lookup(this.#parts, key) as Promise<CacheLookup<T>>;
  }

  /** Whether there is a fresh value under a key. Never throws because of Redis. */
  async has(key: string): Promise<boolean> {
    return (await this.lookup(key)).hit;
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
    const { flights, invalidations, runs } = this.#parts;
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

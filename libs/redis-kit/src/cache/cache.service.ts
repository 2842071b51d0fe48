import { Codec } from '../core/codec/codec.js';
import type { Tracking, TrackingStatus } from '../core/connections/tracking.js';
import type { RedisKitEvents } from '../core/events.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { KeySpace } from '../core/key-space.js';
import { safeMessage } from '../core/redact.js';
import type { CacheCallOptions, CacheLookup } from './cache-calls.js';
import { CacheInvalidationError, CacheKeyError } from './cache.errors.js';
import {
  cacheEntriesPrefix,
  cacheEntryKey,
  cacheEpochKey,
  cacheRefreshKey,
  cacheTagKey,
  cacheTokensPrefix,
} from './cache.keys.js';
import type { ResolvedCacheOptions } from './cache.options.js';
import { decode, type CacheEngine } from './engine.js';
import { createEntry, NO_TIMES } from './entry.js';
import { FactoryRuns, type CacheFactory, type FactoryContext } from './factory-runs.js';
import { Flights, type Outcome } from './flights.js';
import { getOrSet } from './get-or-set.js';
import { isTimed, jittered, staleForMs, ttlFor } from './freshness.js';
import { freshnessOf } from './freshness.options.js';
import { Invalidations, type Invalidation } from './invalidations.js';
import { LateTags } from './late-tags.js';
import { keepValue } from './keep-value.js';
import { LocalMemory } from './local-memory.js';
import type { CacheStore } from './stores/cache-store.js';
import { NO_TAGS, tagSet } from './tags.js';
import { Tokens } from './tokens.js';
import './cache.events.js';

export interface CacheDependencies {
  readonly name: string;
  readonly options: ResolvedCacheOptions;
  readonly store: CacheStore;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
  /** Hears of changed keys; undefined: nothing is remembered locally. */
  readonly tracking?: Tracking | undefined;
}

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
  readonly #options: ResolvedCacheOptions;
  readonly #store: CacheStore;
  readonly #codec: Codec;
  readonly #events: RedisKitEvents;
  readonly #keySpace: KeySpace;
  readonly #flights = new Flights();
  readonly #runs = new FactoryRuns();
  readonly #local: LocalMemory | undefined;
  readonly #tokens: Tokens;
  readonly #invalidations: Invalidations;
  readonly #engine: CacheEngine;

  constructor({ name, options, store, keySpace, events, tracking }: CacheDependencies) {
    this.name = name;
    this.#options = options;
    this.#store = store;
    this.#keySpace = keySpace;
    this.#events = events;
    this.#codec = new Codec({
      format: options.codec,
      compressAbove: options.compressAbove,
      maxEncodedBytes: options.maxValueBytes,
      maxDecodedBytes: options.maxDecodedBytes,
    });
    this.#local = tracking && this.#remember(tracking);
    this.#tokens = new Tokens({ cache: name, keySpace, store, local: this.#local });
    this.#invalidations = new Invalidations({
      tokens: this.#tokens,
      removeKey: (key) => store.remove(key, options.invalidationDeadlineMs),
      expireKey: (key) => store.expire(key, options.invalidationDeadlineMs),
      ttlMs: options.ttlMs,
      deadlineMs: options.invalidationDeadlineMs,
      onReplayed: (count, pending) =>
        events.emit('cache.invalidations-replayed', { cache: name, count, pending }),
    });
    this.#engine = {
      cache: name,
      store,
      tokens: this.#tokens,
      lateTags: new LateTags(this.#tokens),
      codec: this.#codec,
      runs: this.#runs,
      events,
      deadlineMs: options.deadlineMs,
      leaseMs: options.leaseMs,
      leaseLimitMs: options.leaseLimitMs,
      leaderWaitMs: options.leaderWaitMs,
      refreshKey: (key) => cacheRefreshKey(keySpace, name, key),
      keep: (...read) =>
        keepValue({ local: this.#local, store, deadlineMs: options.deadlineMs }, ...read),
      isDoubtful: (key, tags) => this.#invalidations.concerns(key, tags),
      onError: (operation, key, error) => this.#report(operation, key, error),
    };
    tracking?.onReset((cause) => {
      if (cause === 'rearmed') void this.#invalidations.applyRecentAgain();
    });
  }

  /** The value under a key; undefined on a miss. `lookup` tells a stored `undefined` from a miss. */
  async get<T>(key: string): Promise<T | undefined> {
    const found = await this.lookup<T>(key);
    return found.hit ? found.value : undefined;
  }

  /** The value under a key, and whether there was a fresh one. Never throws because of Redis. */
  async lookup<T>(key: string): Promise<CacheLookup<T>> {
    const startedAt = performance.now();
    const entryKey = this.#key(key);
    const kept = this.#local?.value(entryKey, NO_TAGS);
    if (kept) {
      this.#announceHit(key, 'memory', startedAt);
      return { hit: true, value: kept.value as T };
    }
    const budget = new Budget(this.#options.deadlineMs);
    const view = await this.#tokens.view(entryKey, NO_TAGS, budget);
    const named = { name: key, key: entryKey };
    const found = view === UNAVAILABLE ? view : await decode(this.#engine, named, view, budget);
    if (found === UNAVAILABLE) {
      this.#announce(key, 'factory-without-redis', startedAt);
      return { hit: false };
    }
    const isHit = found.type === 'value' && found.staleMs < 0;
    this.#announce(key, isHit ? 'cache' : 'factory', startedAt);
    return isHit ? { hit: true, value: found.value as T } : { hit: false };
  }

  /**
   * The value under a key; on a miss the value of `factory`, which is then stored.
   *
   * Callers of one key share one read and one factory; among processes one factory runs at a time. `null` and
   * `undefined` are values like any other. What the factory throws, all its callers in this process get, and nothing is
   * stored, unless `errorTtl` or `staleIfError` say otherwise. A value that was stored without one of `tags` counts as a
   * miss.
   */
  async getOrSet<T>(
    key: string,
    factory: CacheFactory<T>,
    options: CacheCallOptions = {},
  ): Promise<T> {
    const startedAt = performance.now();
    const freshness = freshnessOf(this.#options.freshness, options);
    const tags = tagSet(options.tags);
    const entryKey = this.#key(key);
    const kept = this.#local?.value(entryKey, tags);
    if (kept) {
      this.#announceHit(key, 'memory', startedAt);
      return kept.value as T;
    }
    if (this.#flights.isWithin(entryKey)) {
      return this.#runs.start({ cache: this.name, key, tags, factory }).value as Promise<T>;
    }
    const run = (context: FactoryContext<never>) =>
      this.#flights.runFactory(entryKey, () => factory(context));
    const { value, source } = await this.#flights.join(entryKey, tags, () =>
      getOrSet(this.#engine, { name: key, key: entryKey, tags, freshness, factory: run }),
    );
    this.#announce(key, source, startedAt);
    return value as T;
  }

  /**
   * Stores a value, whatever is there: the last writer wins.
   *
   * @returns false when it was not stored because Redis is unavailable or the value too large; an older value may then
   *   still be there. Use `delete` where that matters: it fails loudly.
   */
  async set<T>(key: string, value: T, options: CacheCallOptions = {}): Promise<boolean> {
    const freshness = freshnessOf(this.#options.freshness, options);
    const tags = tagSet(options.tags);
    const entryKey = this.#key(key);
    this.#detachKey(entryKey);
    try {
      const payload = await this.#codec.encode(value);
      const budget = new Budget(this.#options.deadlineMs);
      const ttlMs = jittered(ttlFor(freshness, value), freshness.jitter);
      const lifeMs = ttlMs + staleForMs(freshness);
      const stamp = await this.#tokens.current(tags, lifeMs, budget);
      const now = isTimed(freshness) ? await this.#store.now(budget) : undefined;
      if (stamp === UNAVAILABLE || now === UNAVAILABLE) return false;
      const times = now === undefined ? NO_TIMES : { staleFromMs: now + ttlMs, madeInMs: 0 };
      const entry = createEntry(stamp, payload, times);
      return (await this.#store.write(entryKey, entry, lifeMs, budget)) !== UNAVAILABLE;
    } catch (error) {
      this.#report('cache.encode', entryKey, error);
      return false;
    } finally {
      this.#detachKey(entryKey);
    }
  }

  /**
   * Removes a key. Once this has returned, no value read before is served or stored.
   *
   * @returns true when there was something.
   * @throws CacheInvalidationError when Redis did not take it; it is queued, and this process no longer serves the value.
   */
  async delete(key: string): Promise<boolean> {
    const entryKey = this.#key(key);
    return this.#invalidate(`key '${key}'`, [{ type: 'key', key: entryKey }], () =>
      this.#detachKey(entryKey),
    );
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
    const entryKey = this.#key(key);
    return this.#invalidate(
      `the freshness of key '${key}'`,
      [{ type: 'freshness', key: entryKey }],
      () => this.#detachKey(entryKey),
    );
  }

  /**
   * Makes every entry that carries one of these tags invalid, however many there are, with one command a tag. Once this
   * has returned, none of them is served, nor stored by a factory that was running.
   *
   * @throws CacheInvalidationError when Redis did not take all of it; the rest is queued.
   */
  async invalidateTags(...tags: string[]): Promise<void> {
    const set = tagSet(tags);
    const subject = `the tags ${[...set].map((tag) => `'${tag}'`).join(', ')}`;
    const invalidations = [...set].map((tag): Invalidation => ({ type: 'tag', tag }));
    await this.#invalidate(subject, invalidations, () => this.#flights.detachTags(set));
    for (const tag of set) this.#events.emit('cache.invalidated', { cache: this.name, tag });
  }

  /**
   * Makes every entry of this cache invalid, with one command. Their memory is freed as they expire.
   *
   * @throws CacheInvalidationError when Redis did not take it; it is queued.
   */
  async clear(): Promise<void> {
    await this.#invalidate('everything', [{ type: 'all' }], () => {
      this.#flights.detachAll();
      this.#local?.forgetAll();
    });
    this.#events.emit('cache.invalidated', { cache: this.name, tag: null });
  }

  /** Whether values and tokens are kept in this process' memory; `off` when the options say so. */
  get localMemory(): TrackingStatus | 'off' {
    return this.#local?.status ?? 'off';
  }

  /** How long a value is kept unless a call says otherwise, in milliseconds. */
  get ttlMs(): number {
    return this.#options.ttlMs;
  }

  /** Invalidations that wait for Redis, for health. */
  get pendingInvalidations(): number {
    return this.#invalidations.pending;
  }

  /** Resolves when the calls now in progress and the work in the background are done, and stops retrying. */
  async close(): Promise<void> {
    this.#invalidations.close();
    await Promise.all([this.#flights.landed(), this.#runs.close()]);
    // What the last flights left behind.
    await this.#runs.close();
  }

  /**
   * Detaches twice: a call that starts while the command travels may have read before the command arrived, and must not
   * be joined by anybody who asks after it has returned. On failure too.
   */
  async #invalidate(
    subject: string,
    invalidations: readonly Invalidation[],
    detach: () => void,
  ): Promise<boolean> {
    detach();
    const results = await Promise.allSettled(
      invalidations.map((invalidation) => this.#invalidations.apply(invalidation)),
    );
    detach();
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw new CacheInvalidationError(this.name, subject, { cause: failure.reason });
    return results.some((result) => result.status === 'fulfilled' && result.value);
  }

  #remember(tracking: Tracking): LocalMemory {
    const epochKey = cacheEpochKey(this.#keySpace, this.name);
    const tagKey = (tag: string) => cacheTagKey(this.#keySpace, this.name, tag);
    tracking.watch(cacheTokensPrefix(this.#keySpace));
    if (this.#options.l1) tracking.watch(cacheEntriesPrefix(this.#keySpace, this.name));
    tracking.onChange((key) => {
      if (key === epochKey) this.#flights.detachAll();
      else this.#flights.detachWhere((tags) => [...tags].some((tag) => tagKey(tag) === key));
    });
    const isDoubtful = (key: string, tags: Iterable<string>) =>
      this.#invalidations.concerns(key, tags);
    return new LocalMemory(tracking, { l1: this.#options.l1, epochKey, tagKey, isDoubtful });
  }

  #detachKey(entryKey: string): void {
    this.#flights.detach(entryKey);
    this.#local?.forget(entryKey);
  }

  #key(key: string): string {
    if (typeof key !== 'string' || key === '') {
      throw new CacheKeyError(`A cache key is text that is not empty, got ${JSON.stringify(key)}`);
    }
    return cacheEntryKey(this.#keySpace, this.name, key);
  }

  #announce(key: string, source: Outcome['source'], startedAt: number): void {
    if (source === 'cache') {
      this.#announceHit(key, 'store', startedAt);
    } else if (this.#events.has('cache.miss')) {
      const reason = source === 'factory' ? 'absent' : 'unavailable';
      const durationMs = performance.now() - startedAt;
      this.#events.emit('cache.miss', { cache: this.name, key, reason, durationMs });
    }
  }

  #announceHit(key: string, tier: 'memory' | 'store', startedAt: number): void {
    if (!this.#events.has('cache.hit')) return;
    const durationMs = performance.now() - startedAt;
    this.#events.emit('cache.hit', { cache: this.name, key, tier, durationMs });
  }

  #report(operation: string, key: string, error: unknown): void {
    const message = safeMessage(error);
    this.#events.emit('cache.error', { cache: this.name, key, operation, message });
  }
}

import { Codec } from '../core/codec/codec.js';
import { toMs, type Duration } from '../core/duration.js';
import type { RedisKitEvents } from '../core/events.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { KeySpace } from '../core/key-space.js';
import { safeMessage } from '../core/redact.js';
import { CacheInvalidationError, CacheKeyError } from './cache.errors.js';
import { cacheEntryKey } from './cache.keys.js';
import type { ResolvedCacheOptions } from './cache.options.js';
import { createEntry } from './entry.js';
import { Flights, type Outcome } from './flights.js';
import { decodeStored, getOrSet, type GetOrSetSettings } from './get-or-set.js';
import type { CacheStore } from './stores/cache-store.js';
import './cache.events.js';

/** Options of one call. */
export interface CacheCallOptions {
  /** How long the value is kept; default: the cache's `ttl`. */
  readonly ttl?: Duration | undefined;
}

/** A value, or the word that there is none. */
export type CacheLookup<T> = { readonly hit: true; readonly value: T } | { readonly hit: false };

export interface CacheDependencies {
  readonly name: string;
  readonly options: ResolvedCacheOptions;
  readonly store: CacheStore;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
}

/**
 * One cache.
 *
 * Reads never fail because of Redis: its share of their time is bounded by `deadline`, and then the factory answers.
 * After `delete` has returned, no value read before it is served or stored by anybody who asks later.
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
  readonly #engine: GetOrSetSettings;

  constructor({ name, options, store, keySpace, events }: CacheDependencies) {
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
    this.#engine = {
      store,
      codec: this.#codec,
      deadlineMs: options.deadlineMs,
      leaseMs: options.leaseMs,
      onError: (operation, key, error) => this.#report(operation, key, error),
    };
  }

  /** The value under a key; undefined on a miss. `lookup` tells a stored `undefined` from a miss. */
  async get<T>(key: string): Promise<T | undefined> {
    const found = await this.lookup<T>(key);
    return found.hit ? found.value : undefined;
  }

  /** The value under a key, and whether there was one. Never throws because of Redis. */
  async lookup<T>(key: string): Promise<CacheLookup<T>> {
    const startedAt = performance.now();
    const bytes = await this.#store.read(this.#key(key), new Budget(this.#options.deadlineMs));
    if (bytes === UNAVAILABLE) {
      this.#announce(key, 'factory-without-redis', startedAt);
      return { hit: false };
    }
    const found = await decodeStored(bytes, this.#codec, (error) =>
      this.#report('cache.decode', key, error),
    );
    this.#announce(key, found.type === 'value' ? 'cache' : 'factory', startedAt);
    return found.type === 'value' ? { hit: true, value: found.value as T } : { hit: false };
  }

  /**
   * The value under a key; on a miss the value of `factory`, which is then stored.
   *
   * Callers of one key in one process share one read and one factory. `null` and `undefined` are values like any other.
   * What the factory throws, all its callers get, and nothing is stored.
   */
  async getOrSet<T>(
    key: string,
    factory: () => T | Promise<T>,
    options: CacheCallOptions = {},
  ): Promise<T> {
    const startedAt = performance.now();
    const ttlMs = this.#ttl(options);
    const entryKey = this.#key(key);
    const { value, source } = await this.#flights.join(entryKey, () =>
      getOrSet(this.#engine, entryKey, ttlMs, async () => factory()),
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
    const ttlMs = this.#ttl(options);
    const entryKey = this.#key(key);
    this.#flights.detach(entryKey);
    try {
      const entry = createEntry(await this.#codec.encode(value));
      const written = await this.#store.write(
        entryKey,
        entry,
        ttlMs,
        new Budget(this.#options.deadlineMs),
      );
      return written !== UNAVAILABLE;
    } catch (error) {
      this.#report('cache.encode', entryKey, error);
      return false;
    } finally {
      this.#flights.detach(entryKey);
    }
  }

  /**
   * Removes a key. Once this has returned, no value read before is served or stored.
   *
   * @returns true when there was something.
   * @throws CacheInvalidationError when Redis is unavailable: the old value may still be served until it expires.
   */
  async delete(key: string): Promise<boolean> {
    const entryKey = this.#key(key);
    // Twice: a flight that starts while the command travels may have read before the command arrived.
    this.#flights.detach(entryKey);
    try {
      return await this.#store.remove(entryKey, this.#options.invalidationDeadlineMs);
    } catch (error) {
      throw new CacheInvalidationError(this.name, key, { cause: error });
    } finally {
      this.#flights.detach(entryKey);
    }
  }

  /** Resolves when the calls now in progress are done. */
  async settled(): Promise<void> {
    await this.#flights.landed();
  }

  #key(key: string): string {
    if (typeof key !== 'string' || key === '') {
      throw new CacheKeyError(`A cache key is text that is not empty, got ${JSON.stringify(key)}`);
    }
    return cacheEntryKey(this.#keySpace, this.name, key);
  }

  #ttl({ ttl }: CacheCallOptions): number {
    const ttlMs = ttl === undefined ? this.#options.ttlMs : toMs(ttl);
    if (!(ttlMs >= 1)) throw new RangeError(`A ttl is at least 1 ms, got ${JSON.stringify(ttl)}`);
    return ttlMs;
  }

  #announce(key: string, source: Outcome['source'], startedAt: number): void {
    const event = source === 'cache' ? 'cache.hit' : 'cache.miss';
    if (!this.#events.has(event)) return;
    const facts = { cache: this.name, key, durationMs: performance.now() - startedAt };
    if (event === 'cache.hit') this.#events.emit(event, facts);
    else {
      const reason = source === 'factory' ? 'absent' : 'unavailable';
      this.#events.emit(event, { ...facts, reason });
    }
  }

  #report(operation: string, key: string, error: unknown): void {
    const message = safeMessage(error);
    this.#events.emit('cache.error', { cache: this.name, key, operation, message });
  }
}

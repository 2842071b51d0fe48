import { inspect } from 'node:util';
import { Codec } from '../core/codec/codec.js';
import type { Tracking } from '../core/connections/tracking.js';
import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import { Announcements } from './announcements.js';
import { CacheKeyError } from './cache.errors.js';
import {
  cacheEntriesPrefix,
  cacheEntryKey,
  cacheEpochKey,
  cacheRefreshKey,
  cacheTagKey,
  cacheTokensPrefix,
} from './cache.keys.js';
import type { ResolvedCacheOptions } from './cache.options.js';
import type { CacheEngine } from './engine.js';
import { FactoryRuns } from './factory-runs.js';
import { Flights } from './flights.js';
import { Invalidations } from './invalidations.js';
import { keepValue } from './keep-value.js';
import { LateTags } from './late-tags.js';
import { LocalMemory } from './local-memory.js';
import type { CacheStore } from './stores/cache-store.js';
import { Tokens } from './tokens.js';

export interface CacheDependencies {
  readonly name: string;
  readonly options: ResolvedCacheOptions;
  readonly store: CacheStore;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
  /** Hears of changed keys; undefined: nothing is remembered locally. */
  readonly tracking?: Tracking | undefined;
}

/** What the verbs of one cache work with, put together once. */
export class CacheParts {
  readonly name: string;
  readonly options: ResolvedCacheOptions;
  readonly store: CacheStore;
  readonly keySpace: KeySpace;
  readonly flights = new Flights();
  readonly runs = new FactoryRuns();
  /** Aborted when the cache is closed. */
  readonly closing = new AbortController();
  readonly local: LocalMemory | undefined;
  readonly tokens: Tokens;
  readonly invalidations: Invalidations;
  readonly announce: Announcements;
  readonly engine: CacheEngine;
  readonly #entriesPrefix: string;

  constructor({ name, options, store, keySpace, events, tracking }: CacheDependencies) {
    const { deadlineMs, invalidationDeadlineMs } = options;
    this.name = name;
    this.options = options;
    this.store = store;
    this.keySpace = keySpace;
    this.#entriesPrefix = cacheEntriesPrefix(keySpace, name);
    this.announce = new Announcements(name, events);
    this.local = tracking && this.#remember(tracking);
    this.tokens = new Tokens({ cache: name, keySpace, store, local: this.local });
    this.invalidations = new Invalidations({
      tokens: this.tokens,
      removeKey: (key) => store.remove(key, invalidationDeadlineMs),
      expireKey: (key) => store.expire(key, invalidationDeadlineMs),
      ttlMs: options.ttlMs,
      deadlineMs: invalidationDeadlineMs,
      onReplayed: (count, pending) => this.announce.replayed(count, pending),
    });
    this.engine = {
      cache: name,
      store,
      tokens: this.tokens,
      lateTags: new LateTags(this.tokens),
      codec: new Codec({
        format: options.codec,
        compressAbove: options.compressAbove,
        maxEncodedBytes: options.maxValueBytes,
        maxDecodedBytes: options.maxDecodedBytes,
      }),
      runs: this.runs,
      events,
      deadlineMs,
      leaseMs: options.leaseMs,
      leaseLimitMs: options.leaseLimitMs,
      leaderWaitMs: options.leaderWaitMs,
      refreshKey: (key) => cacheRefreshKey(keySpace, name, key),
      keep: (...read) => keepValue({ local: this.local, store, deadlineMs }, ...read),
      isDoubtful: (key, tags) => this.invalidations.concerns(key, tags),
      onError: (operation, key, error) => this.announce.failure(operation, key, error),
    };
    tracking?.onReset((cause) => {
      if (cause === 'rearmed') void this.invalidations.applyRecentAgain();
    });
  }

  /** @throws CacheKeyError when the key is no text, or empty. */
  entryKey(key: string): string {
    if (typeof key !== 'string' || key === '') {
      const given = inspect(key).slice(0, 80);
      throw new CacheKeyError(`A cache key is text that is not empty, got ${given}`);
    }
    return cacheEntryKey(this.#entriesPrefix, key);
  }

  /** Drops what this process remembers of a key, and has nobody join the calls in progress. */
  detach(entryKey: string): void {
    this.flights.detach(entryKey);
    this.local?.forget(entryKey);
  }

  detachAll(): void {
    this.flights.detachAll();
    this.local?.forgetAll();
  }

  #remember(tracking: Tracking): LocalMemory {
    const { keySpace, name, options, flights } = this;
    const epochKey = cacheEpochKey(keySpace, name);
    const tagKey = (tag: string) => cacheTagKey(keySpace, name, tag);
    tracking.watch(cacheTokensPrefix(keySpace));
    if (options.l1) tracking.watch(this.#entriesPrefix);
    tracking.onChange((key) => {
      if (key === epochKey) flights.detachAll();
      else flights.detachWhere((tags) => [...tags].some((tag) => tagKey(tag) === key));
    });
    const isDoubtful = (key: string, tags: Iterable<string>) =>
      this.invalidations.concerns(key, tags);
    return new LocalMemory(tracking, { l1: options.l1, epochKey, tagKey, isDoubtful });
  }
}

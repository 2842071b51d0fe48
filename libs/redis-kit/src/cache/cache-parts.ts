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
import { Invalidations, type Invalidation } from './invalidations.js';
import { keepValue } from './keep-value.js';
import { LateTags } from './late-tags.js';
import { LocalMemory } from './local-memory.js';
import { RequestMemo } from './request-memo.js';
import { inNeighbourVersions, versionSuffix } from './schema-version.js';
import type { CacheStore } from './stores/cache-store.js';
import { TagAdvice } from './tag-advice.js';
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
  readonly flights: Flights;
  readonly runs = new FactoryRuns();
  /** Aborted when the cache is closed. */
  readonly closing = new AbortController();
  readonly local: LocalMemory | undefined;
  readonly memo: RequestMemo | undefined;
  readonly tokens: Tokens;
  readonly invalidations: Invalidations;
  readonly announce: Announcements;
  readonly engine: CacheEngine;
  readonly #tagAdvice: TagAdvice;
  readonly #entriesPrefix: string;
  readonly #versionSuffix: string;

  constructor({ name, options, store, keySpace, events, tracking }: CacheDependencies) {
    const { deadlineMs, invalidationDeadlineMs } = options;
    this.name = name;
    this.options = options;
    this.store = store;
    this.keySpace = keySpace;
    this.memo = options.memo ? new RequestMemo() : undefined;
    this.#versionSuffix = versionSuffix(options.version);
    this.flights = new Flights(options.leaderWaitMs);
    this.#entriesPrefix = cacheEntriesPrefix(keySpace, name);
    this.announce = new Announcements(name, events, keySpace);
    this.#tagAdvice = new TagAdvice(name);
    this.local = tracking && this.#remember(tracking);
    const moment = () => this.invalidations.moment();
    this.tokens = new Tokens({ cache: name, keySpace, store, local: this.local, moment });
    this.invalidations = new Invalidations({
      tokens: this.tokens,
      removeKey: (key) => store.remove(this.#inVersions(key), invalidationDeadlineMs),
      expireKey: async (key) => {
        const expired = this.#inVersions(key).map((one) =>
          store.expire(one, invalidationDeadlineMs),
        );
        return (await Promise.all(expired)).includes(true);
      },
      isSilent: () => tracking?.status === 'suspended',
      ttlMs: options.ttlMs,
      deadlineMs: invalidationDeadlineMs,
      onReplay: (invalidation) => this.#detachFrom(invalidation),
      onReplayed: (count, pending) => this.announce.replayed(count, pending),
    });
    const keeping = { freezes: options.l1 !== undefined, local: this.local, store, deadlineMs };
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
      refreshKey: (key) => cacheRefreshKey(keySpace, name, key, options.version),
      keep: (...read) => keepValue(keeping, ...read),
      moment,
      isDoubtful: (...found) => this.invalidations.concerns(...found),
      tagAdvice: this.#tagAdvice,
      onError: (operation, key, error) => this.announce.failure(operation, key, error),
    };
    tracking?.onReset((cause, at) => {
      if (cause === 'disarmed') this.invalidations.suspend(at);
      if (cause === 'rearmed') void this.invalidations.applyRecentAgain();
    });
  }

  /** @throws CacheKeyError when the key is no text, or empty. */
  entryKey(key: string): string {
    if (typeof key !== 'string' || key === '') {
      const given = inspect(key).slice(0, 80);
      throw new CacheKeyError(`A cache key is text that is not empty, got ${given}`);
    }
    return cacheEntryKey(this.#entriesPrefix, key, this.#versionSuffix);
  }

  /** The key of an entry in all versions that may run side by side; they share a slot. */
  #inVersions(entryKey: string): readonly string[] {
    const { version } = this.options;
    return version === undefined ? [entryKey] : inNeighbourVersions(entryKey, version);
  }

  /** Drops what this process remembers of a key, and has nobody join the calls in progress. */
  detach(entryKey: string): void {
    this.flights.detach(entryKey);
    this.local?.forget(entryKey);
    this.memo?.forget();
  }

  detachAll(): void {
    this.flights.detachAll();
    this.local?.forgetAll();
    this.memo?.forget();
  }

  /** What was invalidated in vain is gone only now: calls that started before it may have read it elsewhere. */
  #detachFrom(invalidation: Invalidation): void {
    if (invalidation.type === 'all') return this.detachAll();
    if (invalidation.type !== 'tag') return this.detach(invalidation.key);
    this.flights.detachTags(new Set([invalidation.tag]));
    this.memo?.forget();
  }

  /** What this process may answer by itself: of the request, or from local memory. */
  kept(entryKey: string, declared: Iterable<string>): { readonly value: unknown } | undefined {
    const { memo, local } = this;
    if (!memo) return local?.value(entryKey, declared);
    const tags = new Set(declared);
    const memoized = memo.value(entryKey, tags);
    if (memoized) return memoized;
    const kept = local?.value(entryKey, tags);
    if (kept) memo.remember(entryKey, kept.value, tags, memo.moment());
    return kept;
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
    // What Redis may have lost needs no look: while that is in doubt, nothing of it is read, and so nothing remembered.
    const isDoubtful = (key: string, tags: Iterable<string>) =>
      this.invalidations.concernsPending(key, tags);
    const onFull = (remembered: number) => this.#tagAdvice.ofTable(remembered);
    return new LocalMemory(tracking, { l1: options.l1, epochKey, tagKey, isDoubtful, onFull });
  }
}

import { LRUCache } from 'lru-cache';
import { UNAVAILABLE, type Budget } from '../core/failsafe/failsafe.js';
import type { KeySpace } from '../core/key-space.js';
import { cacheEpochKey, cacheTagKey } from './cache.keys.js';
import { createToken, parseEntry, type Stamp, type StoredEntry } from './entry.js';
import type { Answer, CacheStore } from './stores/cache-store.js';

/** A token outlives the entries made under it by this factor, so that it seldom has to be extended. */
const LIFE_FACTOR = 2;
/** A token that expires costs its cache every hit, so even caches of short-lived values keep theirs this long. */
const MIN_LIFE_MS = 3_600_000;
/** Tokens whose remaining life is remembered; a forgotten one is extended once more than needed. */
const REMEMBERED_TOKENS = 10_000;

/** What was found under a key, and the tokens as they were at that moment. */
export interface View {
  /** The entry or lease, whatever its tokens say; undefined when there is none that can be read. */
  readonly entry: StoredEntry | undefined;
  /** First bytes of whatever stands there, to put something in exactly its place; null when nothing does. */
  readonly header: Buffer | null;
  /** True when the entry's tokens are all current and the declared tags among them. */
  readonly isCurrent: boolean;
  readonly epoch: Buffer | null;
  readonly tags: ReadonlyMap<string, Buffer | null>;
}

export interface TokensSettings {
  readonly cache: string;
  readonly keySpace: KeySpace;
  readonly store: CacheStore;
}

/**
 * Validity of entries by random tokens: one for the cache (the epoch) and one a tag, each a key of its own.
 *
 * To invalidate is to put a new token there: O(1) however many entries carry the tag, one key per command, and no clock.
 * An entry is valid only while every token in it is the current one. A token that is missing (evicted, expired, flushed)
 * makes entries invalid, never valid again: two random tokens are never equal.
 */
export class Tokens {
  readonly #epochKey: string;
  /** Until when (monotonic) a token key lives at least. */
  readonly #aliveUntil = new LRUCache<string, number>({ max: REMEMBERED_TOKENS });

  constructor(private readonly settings: TokensSettings) {
    this.#epochKey = cacheEpochKey(settings.keySpace, settings.cache);
  }

  /** Reads what is under a key together with the tokens that decide whether it is valid. */
  async view(key: string, declared: ReadonlySet<string>, budget: Budget): Answer<View> {
    const { store } = this.settings;
    const names = [...declared];
    const read = await store.read(
      [key, this.#epochKey, ...names.map((tag) => this.#tagKey(tag))],
      budget,
    );
    if (read === UNAVAILABLE) return UNAVAILABLE;
    const [bytes = null, epoch = null, ...tokens] = read;
    const tags = new Map(names.map((tag, i) => [tag, tokens[i] ?? null]));
    const entry = bytes === null ? undefined : parseEntry(bytes);

    const further = [...(entry?.stamp.tags.keys() ?? [])].filter((tag) => !tags.has(tag));
    if (further.length > 0) {
      const more = await store.read(
        further.map((tag) => this.#tagKey(tag)),
        budget,
      );
      if (more === UNAVAILABLE) return UNAVAILABLE;
      further.forEach((tag, i) => tags.set(tag, more[i] ?? null));
    }
    return {
      entry,
      header: bytes === null ? null : (entry?.header ?? bytes.subarray(0, 64)),
      isCurrent: entry !== undefined && isCurrent(entry.stamp, epoch, tags, declared),
      epoch,
      tags,
    };
  }

  /** The tokens a value is made under that is at hand already. */
  async current(declared: ReadonlySet<string>, ttlMs: number, budget: Budget): Answer<Stamp> {
    const names = [...declared];
    const read = await this.settings.store.read(
      [this.#epochKey, ...names.map((tag) => this.#tagKey(tag))],
      budget,
    );
    if (read === UNAVAILABLE) return UNAVAILABLE;
    const [epoch = null, ...tokens] = read;
    const tags = new Map(names.map((tag, i) => [tag, tokens[i] ?? null]));
    return this.capture({ epoch, tags }, declared, ttlMs, budget);
  }

  /**
   * The tokens a new value is to be made under: those of the view, and new ones where there were none. Taken before the
   * factory starts, so that an invalidation during it makes the value invalid at birth.
   */
  async capture(
    { epoch, tags }: Pick<View, 'epoch' | 'tags'>,
    declared: ReadonlySet<string>,
    ttlMs: number,
    budget: Budget,
  ): Answer<Stamp> {
    const lifeMs = Math.max(ttlMs * LIFE_FACTOR, MIN_LIFE_MS);
    const [epochToken, ...tagTokens] = await Promise.all([
      this.#ensure(this.#epochKey, epoch, ttlMs, lifeMs, budget),
      ...[...declared].map((tag) =>
        this.#ensure(this.#tagKey(tag), tags.get(tag) ?? null, ttlMs, lifeMs, budget),
      ),
    ]);
    if (epochToken === UNAVAILABLE || epochToken === undefined) return UNAVAILABLE;
    const stamped = new Map<string, Buffer>();
    for (const [i, tag] of [...declared].entries()) {
      const token = tagTokens[i];
      if (token === UNAVAILABLE || token === undefined) return UNAVAILABLE;
      stamped.set(tag, token);
    }
    return { epoch: epochToken, tags: stamped };
  }

  /** Makes every entry of the cache invalid, or throws. */
  async renewEpoch(ttlMs: number, deadlineMs: number): Promise<void> {
    await this.#renew(this.#epochKey, ttlMs, deadlineMs);
  }

  /** Makes every entry that carries the tag invalid, or throws. */
  async renewTag(tag: string, ttlMs: number, deadlineMs: number): Promise<void> {
    await this.#renew(this.#tagKey(tag), ttlMs, deadlineMs);
  }

  async #renew(key: string, ttlMs: number, deadlineMs: number): Promise<void> {
    const lifeMs = Math.max(ttlMs * LIFE_FACTOR, MIN_LIFE_MS);
    await this.settings.store.put(key, createToken(), lifeMs, deadlineMs);
    this.#aliveUntil.set(key, performance.now() + lifeMs);
  }

  async #ensure(
    key: string,
    present: Buffer | null,
    ttlMs: number,
    lifeMs: number,
    budget: Budget,
  ): Answer<Buffer> {
    const { store } = this.settings;
    const token = createToken();
    if (present === null) {
      const standing = await store.create(key, token, lifeMs, budget);
      if (standing === UNAVAILABLE) return UNAVAILABLE;
      if (standing === null) this.#aliveUntil.set(key, performance.now() + lifeMs);
      return standing ?? token;
    }
    if ((this.#aliveUntil.get(key) ?? 0) < performance.now() + ttlMs) {
      // Should it fail: a token that expires too early costs hits, never correctness.
      if ((await store.extend(key, lifeMs, budget)) !== UNAVAILABLE) {
        this.#aliveUntil.set(key, performance.now() + lifeMs);
      }
    }
    return present;
  }

  #tagKey(tag: string): string {
    return cacheTagKey(this.settings.keySpace, this.settings.cache, tag);
  }
}

function isCurrent(
  stamp: Stamp,
  epoch: Buffer | null,
  tags: ReadonlyMap<string, Buffer | null>,
  declared: ReadonlySet<string>,
): boolean {
  if (epoch === null || !stamp.epoch.equals(epoch)) return false;
  for (const [tag, token] of stamp.tags) {
    if (!tags.get(tag)?.equals(token)) return false;
  }
  // Stored before the caller declared this tag: its invalidations would miss the entry.
  for (const tag of declared) if (!stamp.tags.has(tag)) return false;
  return true;
}

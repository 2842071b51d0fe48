import { LRUCache } from 'lru-cache';
import { UNAVAILABLE, type Budget } from '../core/failsafe/failsafe.js';
import type { KeySpace } from '../core/key-space.js';
import { cacheEpochKey, cacheTagKey } from './cache.keys.js';
import { createToken, parseEntry, type Stamp, type StoredEntry } from './entry.js';
import type { LocalMemory, Moment } from './local-memory.js';
import type { Answer, CacheStore } from './stores/cache-store.js';
import { NO_TAGS } from './tags.js';

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
  /** When the read was sent, in the order of local memory. */
  readonly readAt: Moment;
  /** The same in the order of invalidations that Redis took late. */
  readonly sentAt: number;
}

/** What was found under many keys, in their order, and the tokens of all of them. */
export interface ManyViews extends Pick<View, 'epoch' | 'tags'> {
  readonly views: readonly (View | typeof UNAVAILABLE)[];
}

export interface TokensSettings {
  readonly cache: string;
  readonly keySpace: KeySpace;
  readonly store: CacheStore;
  /** What this process remembers of the tokens, if Redis keeps it coherent. */
  readonly local: LocalMemory | undefined;
  /** Orders reads and invalidations that Redis took late. */
  readonly moment: () => number;
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

  /**
   * Reads what is under a key together with the tokens that decide whether it is valid. Tokens that local memory knows
   * are not read again, unless `strict`.
   */
  async view(
    key: string,
    declared: ReadonlySet<string>,
    budget: Budget,
    strict = false,
  ): Answer<View> {
    const readAt = this.settings.local?.moment() ?? 0;
    const sentAt = this.settings.moment();
    const first = await this.#read([key], [...declared], true, budget, strict);
    if (first === UNAVAILABLE) return UNAVAILABLE;
    const { tags, epoch } = first;
    const bytes = first.others[0] ?? null;
    const entry = bytes === null ? undefined : parseEntry(bytes);

    const further = [...(entry?.stamp.tags.keys() ?? [])].filter((tag) => !tags.has(tag));
    if (further.length > 0) {
      const more = await this.#read([], further, false, budget, strict);
      if (more === UNAVAILABLE) return UNAVAILABLE;
      for (const [tag, token] of more.tags) tags.set(tag, token);
    }
    return {
      entry,
      header: bytes === null ? null : (entry?.header ?? bytes.subarray(0, 64)),
      isCurrent: entry !== undefined && isCurrent(entry.stamp, epoch, tags, declared),
      epoch,
      tags,
      readAt,
      sentAt,
    };
  }

  /**
   * Like `view`, for many keys; tokens are read once for all of them. A server that is away takes only its own keys with
   * it, and those that depend on a token it holds.
   */
  async viewMany(
    requests: readonly { readonly key: string; readonly tags: ReadonlySet<string> }[],
    budget: Budget,
    strict: boolean,
    alsoTags: ReadonlySet<string> = NO_TAGS,
  ): Promise<ManyViews> {
    const readAt = this.settings.local?.moment() ?? 0;
    const sentAt = this.settings.moment();
    const keys = requests.map(({ key }) => key);
    const tags = new Map<string, Buffer | null>();
    const declared = [...unionOf([alsoTags, ...requests.map((request) => request.tags)])];
    const { epoch, others } = await this.#readMany(keys, declared, true, budget, strict, tags);
    const entries = others.map((bytes) => (Buffer.isBuffer(bytes) ? parseEntry(bytes) : undefined));
    const carried = unionOf(entries.map((entry) => entry?.stamp.tags.keys() ?? []));
    for (const tag of declared) carried.delete(tag);
    if (carried.size > 0) await this.#readMany([], [...carried], false, budget, strict, tags);

    const views = others.map((bytes, i): View | typeof UNAVAILABLE => {
      const entry = entries[i];
      const ofRequest = requests[i]!.tags;
      if (bytes === UNAVAILABLE || epoch === UNAVAILABLE) return UNAVAILABLE;
      for (const tag of ofRequest) if (!tags.has(tag)) return UNAVAILABLE;
      for (const tag of entry?.stamp.tags.keys() ?? []) if (!tags.has(tag)) return UNAVAILABLE;
      return {
        entry,
        header: bytes === null ? null : (entry?.header ?? bytes.subarray(0, 64)),
        isCurrent: entry !== undefined && isCurrent(entry.stamp, epoch, tags, ofRequest),
        epoch,
        tags,
        readAt,
        sentAt,
      };
    });
    return { epoch: epoch === UNAVAILABLE ? null : epoch, tags, views };
  }

  /** Reads keys and unknown tokens, each answered or not for itself; tokens that were answered go into `tags`. */
  async #readMany(
    keys: readonly string[],
    tagNames: readonly string[],
    withEpoch: boolean,
    budget: Budget,
    strict: boolean,
    tags: Map<string, Buffer | null>,
  ): Promise<{
    epoch: Buffer | null | typeof UNAVAILABLE;
    others: readonly (Buffer | null | typeof UNAVAILABLE)[];
  }> {
    const { store, local } = this.settings;
    const wanted = tagNames.map((tag) => ({ tag, key: this.#tagKey(tag) }));
    const known = (key: string) => (strict ? undefined : local?.token(key));
    const unknown = wanted.filter(({ tag, key }) => {
      const token = known(key);
      if (token) tags.set(tag, token);
      return !token;
    });
    let epoch: Buffer | null | typeof UNAVAILABLE = known(this.#epochKey) ?? null;
    const epochKeys = withEpoch && epoch === null ? [this.#epochKey] : [];

    const readAt = local?.moment() ?? 0;
    const read = await store.readMany(
      [...epochKeys, ...unknown.map(({ key }) => key), ...keys],
      budget,
    );
    const remember = (key: string, token: Buffer | null | typeof UNAVAILABLE) => {
      if (Buffer.isBuffer(token)) local?.rememberToken(key, token, readAt);
    };
    if (epochKeys.length > 0) remember(this.#epochKey, (epoch = read[0] ?? null));
    for (const [i, { tag, key }] of unknown.entries()) {
      const token = read[epochKeys.length + i] ?? null;
      remember(key, token);
      if (token !== UNAVAILABLE) tags.set(tag, token);
    }
    return { epoch, others: read.slice(epochKeys.length + unknown.length) };
  }

  /** Reads keys and, where local memory does not know them, tokens, all in one go. */
  async #read(
    keys: readonly string[],
    tagNames: readonly string[],
    withEpoch: boolean,
    budget: Budget,
    strict: boolean,
  ): Answer<{
    others: readonly (Buffer | null)[];
    epoch: Buffer | null;
    tags: Map<string, Buffer | null>;
  }> {
    const { store, local } = this.settings;
    const tokenKeys = tagNames.map((tag) => this.#tagKey(tag));
    if (withEpoch) tokenKeys.unshift(this.#epochKey);
    const tokens: (Buffer | null)[] = tokenKeys.map(
      (tokenKey) => (strict ? undefined : local?.token(tokenKey)) ?? null,
    );
    const unknown = tokenKeys.filter((_, i) => tokens[i] === null);

    const readAt = local?.moment() ?? 0;
    const wanted = [...keys, ...unknown];
    const read = wanted.length === 0 ? [] : await store.read(wanted, budget);
    if (read === UNAVAILABLE) return UNAVAILABLE;
    let at = keys.length;
    for (const [i, token] of tokens.entries()) {
      if (token !== null) continue;
      const found = read[at++] ?? null;
      tokens[i] = found;
      if (found !== null) local?.rememberToken(tokenKeys[i]!, found, readAt);
    }
    const epoch = withEpoch ? (tokens.shift() ?? null) : null;
    const tags = new Map(tagNames.map((tag, i) => [tag, tokens[i] ?? null]));
    return { others: read.slice(0, keys.length), epoch, tags };
  }

  /** The tokens a value is made under that is at hand already. */
  async current(declared: ReadonlySet<string>, ttlMs: number, budget: Budget): Answer<Stamp> {
    const read = await this.#read([], [...declared], true, budget, false);
    return read === UNAVAILABLE ? UNAVAILABLE : this.capture(read, declared, ttlMs, budget);
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
    const { store, local } = this.settings;
    // Forgotten twice: a read that is sent in between may be answered with the old token after the new one was heard of.
    local?.forget(key);
    try {
      await store.put(key, createToken(), lifeMs, deadlineMs);
      this.#aliveUntil.set(key, performance.now() + lifeMs);
    } finally {
      local?.forget(key);
    }
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

function unionOf(sets: readonly Iterable<string>[]): Set<string> {
  const union = new Set<string>();
  for (const set of sets) for (const one of set) union.add(one);
  return union;
}

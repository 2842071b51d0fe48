import { LRUCache } from 'lru-cache';
import type { Tracking, TrackingStatus } from '../core/connections/tracking.js';
import type { Stamp } from './entry.js';

/** Tokens that are remembered; a forgotten one is read again. */
const MAX_TOKENS = 100_000;
/** Keys whose last change is remembered, to tell whether an answer is older than it. */
const MAX_CHANGES = 10_000;

/** A moment in the order of everything heard and sent; taken before a read is sent. */
export type Moment = number;

interface LocalValue {
  readonly value: unknown;
  readonly tags: ReadonlySet<string>;
  /** Keys of the epoch and of the tags, and beside them the token each had. */
  readonly tokenKeys: readonly string[];
  readonly tokens: readonly Buffer[];
  /** State of the table for which all tokens were current. */
  checkedAt: number;
}

export interface LocalMemoryOptions {
  /** undefined: only tokens are remembered, no values. */
  readonly l1: { readonly maxEntries: number; readonly maxBytes: number } | undefined;
  /** Keys of tokens start with one of these; keys of values with none of them. */
  readonly epochKey: string;
  readonly tagKey: (tag: string) => string;
  /** True for what was invalidated here while Redis did not take it: its old tokens are still the current ones. */
  readonly isDoubtful: (key: string, tags: Iterable<string>) => boolean;
  /** Hears that there are more tokens than are remembered. */
  readonly onFull: (remembered: number) => void;
}

/**
 * What this process remembers of a cache: current tokens, and in an L1 cache values. Kept coherent by Redis' own
 * invalidation messages, and used only while these are known to arrive.
 *
 * An answer is remembered only if nothing was heard of its key since the read was *sent*: a message may overtake the
 * reply on the other connection.
 */
export class LocalMemory {
  readonly #tokens = new Map<string, Buffer>();
  /** Counts the changes of the table, so that a value is compared with it once, not at each read. */
  #tokensState = 0;
  readonly #values: LRUCache<string, LocalValue> | undefined;
  readonly #changes: LRUCache<string, Moment>;
  /** Changes up to here may have been forgotten. */
  #forgottenUpTo: Moment = 0;
  #now: Moment = 0;

  constructor(
    private readonly tracking: Tracking,
    private readonly options: LocalMemoryOptions,
  ) {
    const { l1 } = options;
    this.#values = l1 && new LRUCache({ max: l1.maxEntries, maxSize: l1.maxBytes });
    this.#changes = new LRUCache({
      max: MAX_CHANGES,
      dispose: (moment, _, reason) => {
        if (reason === 'evict') this.#forgottenUpTo = Math.max(this.#forgottenUpTo, moment);
      },
    });
    tracking.onChange((key) => this.forget(key));
    tracking.onReset(() => this.forgetAll());
  }

  get status(): TrackingStatus {
    return this.tracking.status;
  }

  get isTrusted(): boolean {
    return this.tracking.isArmed;
  }

  get keepsValues(): boolean {
    return this.#values !== undefined;
  }

  get valueCount(): number {
    return this.#values?.size ?? 0;
  }

  /** To be taken before a read is sent. */
  moment(): Moment {
    return this.#now;
  }

  /** The value under a key, if it may be served to somebody who heeds `declared`. */
  value(key: string, declared: Iterable<string>): { readonly value: unknown } | undefined {
    if (!this.#values || !this.tracking.isArmed) return undefined;
    const found = this.#values.get(key);
    if (!found || !this.#isCurrent(found)) return undefined;
    for (const tag of declared) if (!found.tags.has(tag)) return undefined;
    if (this.options.isDoubtful(key, found.tags)) return undefined;
    return found;
  }

  /** The current token under a key, if it is known. */
  token(key: string): Buffer | undefined {
    return this.tracking.isArmed ? this.#tokens.get(key) : undefined;
  }

  rememberToken(key: string, token: Buffer, readAt: Moment): void {
    // A copy: the token is part of a larger network buffer, which it would keep alive.
    if (!this.#isFresh(key, readAt)) return;
    this.#tokens.set(key, Buffer.from(token));
    this.#tokensState += 1;
    if (this.#tokens.size <= MAX_TOKENS) return;
    this.options.onFull(MAX_TOKENS);
    // The oldest: to know the order of use would cost more, at each hit, than reading a token again.
    for (const oldest of this.#tokens.keys()) {
      this.#tokens.delete(oldest);
      break;
    }
  }

  rememberValue(
    key: string,
    value: unknown,
    stamp: Stamp,
    bytes: number,
    ttlMs: number,
    readAt: Moment,
  ): void {
    if (!this.#values || !this.#isFresh(key, readAt) || ttlMs <= 0) return;
    const { epochKey, tagKey } = this.options;
    const kept: LocalValue = {
      value,
      tags: new Set(stamp.tags.keys()),
      tokenKeys: [epochKey, ...[...stamp.tags.keys()].map(tagKey)],
      tokens: [stamp.epoch, ...stamp.tags.values()],
      checkedAt: -1,
    };
    this.#values.set(key, kept, { ttl: ttlMs, size: bytes + key.length + 1 });
  }

  /** Something changed under this key, or is about to. */
  forget(key: string): void {
    this.#changes.set(key, ++this.#now);
    if (this.#tokens.delete(key)) this.#tokensState += 1;
    this.#values?.delete(key);
  }

  /** Nothing that was read so far may be remembered. */
  forgetAll(): void {
    this.#forgottenUpTo = ++this.#now;
    this.#changes.clear();
    this.#tokens.clear();
    this.#tokensState += 1;
    this.#values?.clear();
  }

  #isFresh(key: string, readAt: Moment): boolean {
    if (!this.tracking.isArmed || readAt < this.#forgottenUpTo) return false;
    return (this.#changes.get(key) ?? 0) <= readAt;
  }

  #isCurrent(kept: LocalValue): boolean {
    if (kept.checkedAt === this.#tokensState) return true;
    const isCurrent = kept.tokens.every(
      (token, i) => this.#tokens.get(kept.tokenKeys[i]!)?.equals(token) === true,
    );
    if (isCurrent) kept.checkedAt = this.#tokensState;
    return isCurrent;
  }
}

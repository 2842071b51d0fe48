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
  readonly stamp: Stamp;
}

export interface LocalMemoryOptions {
  /** undefined: only tokens are remembered, no values. */
  readonly l1: { readonly maxEntries: number; readonly maxBytes: number } | undefined;
  /** Keys of tokens start with one of these; keys of values with none of them. */
  readonly epochKey: string;
  readonly tagKey: (tag: string) => string;
  /** True for what was invalidated here while Redis did not take it: its old tokens are still the current ones. */
  readonly isDoubtful: (key: string, tags: Iterable<string>) => boolean;
}

/**
 * What this process remembers of a cache: current tokens, and in an L1 cache values. Kept coherent by Redis' own
 * invalidation messages, and used only while these are known to arrive.
 *
 * An answer is remembered only if nothing was heard of its key since the read was *sent*: a message may overtake the
 * reply on the other connection.
 */
export class LocalMemory {
  readonly #tokens = new LRUCache<string, Buffer>({ max: MAX_TOKENS });
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
  value(key: string, declared: ReadonlySet<string>): { readonly value: unknown } | undefined {
    if (!this.#values || !this.tracking.isArmed) return undefined;
    const found = this.#values.get(key);
    if (!found) return undefined;
    const { epoch, tags } = found.stamp;
    if (!this.#isCurrent(this.options.epochKey, epoch)) return undefined;
    for (const [tag, token] of tags) {
      if (!this.#isCurrent(this.options.tagKey(tag), token)) return undefined;
    }
    for (const tag of declared) if (!tags.has(tag)) return undefined;
    if (this.options.isDoubtful(key, tags.keys())) return undefined;
    return found;
  }

  /** The current token under a key, if it is known. */
  token(key: string): Buffer | undefined {
    return this.tracking.isArmed ? this.#tokens.get(key) : undefined;
  }

  rememberToken(key: string, token: Buffer, readAt: Moment): void {
    // A copy: the token is part of a larger network buffer, which it would keep alive.
    if (this.#isFresh(key, readAt)) this.#tokens.set(key, Buffer.from(token));
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
    this.#values.set(key, { value, stamp }, { ttl: ttlMs, size: bytes + key.length + 1 });
  }

  /** Something changed under this key, or is about to. */
  forget(key: string): void {
    this.#changes.set(key, ++this.#now);
    this.#tokens.delete(key);
    this.#values?.delete(key);
  }

  /** Nothing that was read so far may be remembered. */
  forgetAll(): void {
    this.#forgottenUpTo = ++this.#now;
    this.#changes.clear();
    this.#tokens.clear();
    this.#values?.clear();
  }

  #isFresh(key: string, readAt: Moment): boolean {
    if (!this.tracking.isArmed || readAt < this.#forgottenUpTo) return false;
    return (this.#changes.get(key) ?? 0) <= readAt;
  }

  #isCurrent(key: string, token: Buffer): boolean {
    return this.#tokens.get(key)?.equals(token) === true;
  }
}

import type { Tokens } from './tokens.js';

/** Something that must not be served any more. */
export type Invalidation =
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'freshness'; readonly key: string }
  | { readonly type: 'tag'; readonly tag: string }
  | { readonly type: 'all' };

export interface InvalidationsSettings {
  readonly tokens: Tokens;
  readonly removeKey: (key: string) => Promise<unknown>;
  readonly expireKey: (key: string) => Promise<unknown>;
  readonly ttlMs: number;
  readonly deadlineMs: number;
  readonly onReplayed: (count: number, pending: number) => void;
}

/** Beyond this many, one invalidation of everything stands for all of them. */
const MAX_PENDING = 1_000;
const RETRY_INTERVAL_MS = 500;
/** Longer than a failover usually takes from the last replicated write to the promotion. */
const RECENT_MS = 30_000;
const MAX_RECENT = 1_000;

/**
 * Invalidations that Redis did not take. They are tried again, in order, until it does; meanwhile this process treats
 * what they concern as invalid, so that it serves nothing stale in the moment between Redis' return and the replay.
 */
export class Invalidations {
  #pending: Invalidation[] = [];
  /** What was applied lately, oldest first. */
  #recent: { readonly invalidation: Invalidation; readonly at: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly settings: InvalidationsSettings) {}

  get pending(): number {
    return this.#pending.length;
  }

  /** Applies one, or throws after queueing it for later. */
  async apply(invalidation: Invalidation): Promise<boolean> {
    try {
      const applied = await this.#send(invalidation);
      this.#remember(invalidation);
      return applied;
    } catch (error) {
      this.#enqueue(invalidation);
      throw error;
    }
  }

  /** Queues one for later, when it is known that Redis does not take it now. */
  postpone(invalidation: Invalidation): void {
    this.#enqueue(invalidation);
  }

  /** True when something pending concerns this key or one of these tags. */
  concerns(key: string, tags: Iterable<string>): boolean {
    if (this.#pending.length === 0) return false;
    const carried = new Set(tags);
    return this.#pending.some(
      (one) =>
        one.type === 'all' ||
        ((one.type === 'key' || one.type === 'freshness') && one.key === key) ||
        (one.type === 'tag' && carried.has(one.tag)),
    );
  }

  /**
   * Applies once more what was applied in the last seconds. A failover may have lost it: replication is asynchronous.
   */
  async applyRecentAgain(): Promise<void> {
    const again = this.#recent.filter(({ at }) => performance.now() - at < RECENT_MS);
    await Promise.all(
      again.map(({ invalidation }) =>
        this.#send(invalidation).catch(() => this.#enqueue(invalidation)),
      ),
    );
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #send(invalidation: Invalidation): Promise<boolean> {
    const { tokens, removeKey, expireKey, ttlMs, deadlineMs } = this.settings;
    switch (invalidation.type) {
      case 'key':
        return (await removeKey(invalidation.key)) === true;
      case 'freshness':
        return (await expireKey(invalidation.key)) === true;
      case 'tag':
        await tokens.renewTag(invalidation.tag, ttlMs, deadlineMs);
        return true;
      case 'all':
        await tokens.renewEpoch(ttlMs, deadlineMs);
        return true;
    }
  }

  #remember(invalidation: Invalidation): void {
    this.#recent.push({ invalidation, at: performance.now() });
    if (this.#recent.length > MAX_RECENT) this.#recent.shift();
  }

  #enqueue(invalidation: Invalidation): void {
    this.#pending.push(invalidation);
    if (this.#pending.length > MAX_PENDING) this.#pending = [{ type: 'all' }];
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer || this.#closed || this.#pending.length === 0) return;
    this.#timer = setTimeout(() => void this.#replay(), RETRY_INTERVAL_MS);
    this.#timer.unref();
  }

  async #replay(): Promise<void> {
    let replayed = 0;
    try {
      for (let next = this.#pending[0]; next && !this.#closed; next = this.#pending[0]) {
        await this.#send(next);
        this.#remember(next);
        // Removed only now, and only if it still is the first: the queue may have been replaced by 'all' meanwhile.
        if (this.#pending[0] === next) this.#pending.shift();
        replayed += 1;
      }
    } catch {
      // Still away; the rest stays in order.
    }
    this.#timer = undefined;
    if (replayed > 0) this.settings.onReplayed(replayed, this.#pending.length);
    this.#schedule();
  }
}

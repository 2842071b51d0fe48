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
  /** True while Redis, which was heard before, is not: another master may stand in its place. */
  readonly isSilent: () => boolean;
  readonly ttlMs: number;
  readonly deadlineMs: number;
  /** Hears of one that Redis has taken at last. */
  readonly onReplay: (invalidation: Invalidation) => void;
  readonly onReplayed: (count: number, pending: number) => void;
}

/** Beyond this many, one invalidation of everything stands for all of them. */
const MAX_PENDING = 1_000;
const RETRY_INTERVAL_MS = 500;
interface Applied {
  readonly invalidation: Invalidation;
  readonly at: number;
  /** Its place among those that were taken late; 0: it was not. */
  readonly lateAs: number;
}

/** Much longer than replicas are usually behind. Counted back from when Redis fell silent. */
const RECENT_MS = 30_000;
/** Longer than a failover takes. Should Redis be silent for good, what it holds is believed again after so long. */
const LONGEST_FAILOVER_MS = 300_000;
/** Different ones that are remembered; beyond, the oldest are forgotten. */
const MAX_RECENT = 5_000;
/** On their way at the same time when they are applied again. */
const AT_ONCE = 500;

/**
 * Invalidations that Redis did not take, and those it may lose again.
 *
 * What was not taken is tried again, in order, until it is; meanwhile this process treats what it concerns as invalid, so
 * that it serves nothing stale in the moment between Redis' return and the replay. What was taken lately is applied once
 * more after a pause in which a replica may have been promoted that had not heard of it; until that is done this process
 * believes nothing it finds of what they concern, either. Nor does it believe a read that was sent before one was taken so
 * late and answered after: what that read found may be what stood there before.
 */
export class Invalidations {
  #pending: Invalidation[] = [];
  /** What was applied lately and when, oldest first, each once. */
  readonly #recent = new Map<string, Applied>();
  /** Since when Redis has been silent, until all is applied again. */
  #silentSince: number | undefined;
  /** How many times Redis fell silent. */
  #silences = 0;
  /** How many were taken late: out of the queue, or once more. */
  #late = 0;
  /** Those up to here may have been forgotten. */
  #forgottenUpTo = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly settings: InvalidationsSettings) {}

  get pending(): number {
    return this.#pending.length;
  }

  /** Applies one, or throws after queueing it for later. */
  async apply(invalidation: Invalidation, isLate = false): Promise<boolean> {
    try {
      const applied = await this.#send(invalidation);
      this.#remember(invalidation, isLate);
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

  /** How many Redis has taken late; to be asked before a read is sent. */
  moment(): number {
    return this.#late;
  }

  /**
   * True when something concerns this key or one of these tags that Redis did not take, took late since a moment, or may
   * have lost.
   */
  concerns(key: string, tags: readonly string[], since: number): boolean {
    return (
      this.#wasLateSince(since, key, tags) ||
      this.#mayBeLost(key, tags) ||
      this.concernsPending(key, tags)
    );
  }

  /** True when something concerns this key or one of these tags that Redis did not take. */
  concernsPending(key: string, tags: Iterable<string>): boolean {
    if (this.#pending.length === 0) return false;
    const carried = new Set(tags);
    return this.#pending.some(
      (one) =>
        one.type === 'all' ||
        ((one.type === 'key' || one.type === 'freshness') && one.key === key) ||
        (one.type === 'tag' && carried.has(one.tag)),
    );
  }

  /** Redis is not heard any more, since a moment (monotonic). */
  suspend(since: number): void {
    this.#silentSince ??= since;
    this.#silences += 1;
  }

  /** Redis is heard again: applies once more what a failover may have lost, since replication is asynchronous. */
  async applyRecentAgain(): Promise<void> {
    const silences = this.#silences;
    const again = [...this.#recent.values()].filter(({ at }) => this.#isRecent(at));
    for (let next = 0; next < again.length; next += AT_ONCE) {
      const some = again.slice(next, next + AT_ONCE);
      await Promise.allSettled(some.map(({ invalidation }) => this.apply(invalidation, true)));
    }
    // Unless it fell silent meanwhile: then all of it has to be applied once more.
    if (this.#silences === silences) this.#silentSince = undefined;
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

  #remember(invalidation: Invalidation, isLate: boolean): void {
    const name = nameOf(invalidation);
    const lateAs = isLate ? ++this.#late : (this.#recent.get(name)?.lateAs ?? 0);
    this.#recent.delete(name);
    this.#recent.set(name, { invalidation, at: performance.now(), lateAs });
    for (const [oldest, forgotten] of this.#recent) {
      if (this.#recent.size <= MAX_RECENT) break;
      this.#recent.delete(oldest);
      this.#forgottenUpTo = Math.max(this.#forgottenUpTo, forgotten.lateAs);
    }
  }

  /** True when one that concerns these was taken late after that moment. */
  #wasLateSince(since: number, key: string, tags: readonly string[]): boolean {
    if (since === this.#late) return false;
    if (since < this.#forgottenUpTo) return true;
    return concerning(key, tags).some((name) => (this.#recent.get(name)?.lateAs ?? 0) > since);
  }

  /** True when something that concerns these was applied shortly before Redis fell silent, or since. */
  #mayBeLost(key: string, tags: readonly string[]): boolean {
    if (this.#silentSince === undefined && !this.settings.isSilent()) return false;
    return concerning(key, tags).some((name) => {
      const at = this.#recent.get(name)?.at;
      if (at === undefined || !this.#isRecent(at)) return false;
      const isBefore = at <= (this.#silentSince ?? Infinity);
      return performance.now() - at < (isBefore ? LONGEST_FAILOVER_MS : RECENT_MS);
    });
  }

  #isRecent(at: number): boolean {
    return at > (this.#silentSince ?? performance.now()) - RECENT_MS;
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
        this.#remember(next, true);
        // Removed only now, and only if it still is the first: the queue may have been replaced by 'all' meanwhile.
        if (this.#pending[0] === next) this.#pending.shift();
        this.settings.onReplay(next);
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

/** The names of all that concern this key or one of these tags. */
const concerning = (key: string, tags: readonly string[]): string[] => [
  nameOf({ type: 'all' }),
  nameOf({ type: 'key', key }),
  nameOf({ type: 'freshness', key }),
  ...tags.map((tag) => nameOf({ type: 'tag', tag })),
];

function nameOf(one: Invalidation): string {
  switch (one.type) {
    case 'key':
    case 'freshness':
      return `${one.type} ${one.key}`;
    case 'tag':
      return `tag ${one.tag}`;
    case 'all':
      return 'all';
  }
}

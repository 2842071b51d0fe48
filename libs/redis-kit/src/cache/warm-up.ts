import { toMs, type Duration } from '../core/duration.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { CacheCallOptions } from './cache-calls.js';
import { createLease, createToken, headerOf } from './entry.js';
import { freshnessIn } from './freshness.options.js';
import type { CacheStore } from './stores/cache-store.js';

/** A value to have before somebody asks for it. */
export interface WarmEntry<T = unknown> extends CacheCallOptions {
  readonly key: string;
  /** Runs only when there is nothing under the key. */
  readonly load: () => T | Promise<T>;
}

type WarmEntries = Iterable<WarmEntry> | AsyncIterable<WarmEntry>;

/** The entries, or a function that finds them, which runs only in the process that warms. */
export type WarmSource = WarmEntries | (() => WarmEntries | Promise<WarmEntries>);

/** Options of `warm`. Those of entries, such as `ttl` and `tags`, are for entries that have none of their own. */
export interface WarmOptions extends CacheCallOptions {
  /**
   * Warm-ups of one name exclude each other among processes.
   * @default 'default'
   */
  readonly name?: string | undefined;
  /**
   * Entries loaded at the same time, 1 to 1000.
   * @default 8
   */
  readonly concurrency?: number | undefined;
  /**
   * For this long after a warm-up without failures the same one is skipped, in every process.
   * @default '1m'
   */
  readonly every?: Duration | undefined;
  /** Hears after each entry how far it is. */
  readonly onProgress?: ((progress: WarmCounts) => void) | undefined;
}

export interface WarmCounts {
  /** Loaded now. */
  readonly loaded: number;
  /** There already, or loaded by somebody else meanwhile. */
  readonly present: number;
  readonly failed: number;
}

/** What a warm-up did, or why it did nothing. */
export type WarmResult =
  | { readonly skipped: true; readonly reason: 'warmed-elsewhere' | 'redis-unavailable' }
  | ({
      readonly skipped: false;
      readonly failures: readonly { readonly key: string; readonly error: unknown }[];
    } & WarmCounts);

export interface WarmUpSettings {
  readonly leaseKey: string;
  readonly store: CacheStore;
  readonly deadlineMs: number;
  /** Aborted when the cache is closed: the entries in progress are finished, and no others begun. */
  readonly signal: AbortSignal;
  readonly getOrSet: (
    key: string,
    load: () => unknown,
    options: CacheCallOptions,
  ) => Promise<unknown>;
}

/** How long a process that died keeps others from warming. */
const LEASE_MS = 30_000;

/** One warm-up, led by one process: it holds a lease, renews it while it works and leaves it for a while after. */
export class WarmUp {
  readonly #lease = createLease({ epoch: createToken(), tags: new Map() });
  #loaded = 0;
  #present = 0;
  readonly #failures: { key: string; error: unknown }[] = [];
  #isOver = false;

  constructor(private readonly settings: WarmUpSettings) {}

  async run(source: WarmSource, options: WarmOptions): Promise<WarmResult> {
    const { store, leaseKey } = this.settings;
    const { concurrency = 8, every = '1m' } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1_000) {
      throw new RangeError(`concurrency is a whole number from 1 to 1000, got ${concurrency}`);
    }
    const keepMs = toMs(every);
    const standing = await store.create(leaseKey, this.#lease, LEASE_MS, this.#budget());
    if (standing === UNAVAILABLE) return { skipped: true, reason: 'redis-unavailable' };
    if (standing !== null) return { skipped: true, reason: 'warmed-elsewhere' };
    const renewal = setInterval(() => void this.#keep(LEASE_MS), LEASE_MS / 3);
    renewal.unref();
    let isDone = false;
    try {
      await this.#load(source, concurrency, options);
      isDone = this.#failures.length === 0 && !this.settings.signal.aborted;
    } finally {
      clearInterval(renewal);
      // After a failure another process may try at once.
      await (isDone && keepMs >= 1 ? this.#keep(keepMs) : this.#release());
    }
    return { skipped: false, ...this.#counts(), failures: this.#failures };
  }

  async #load(source: WarmSource, concurrency: number, options: WarmOptions): Promise<void> {
    const entries = typeof source === 'function' ? await source() : source;
    const iterator =
      Symbol.asyncIterator in entries
        ? entries[Symbol.asyncIterator]()
        : entries[Symbol.iterator]();
    try {
      await allEnded(Array.from({ length: concurrency }, () => this.#worker(iterator, options)));
    } finally {
      if (this.#isOver) await iterator.return?.();
    }
  }

  async #worker(
    iterator: Iterator<WarmEntry> | AsyncIterator<WarmEntry>,
    options: WarmOptions,
  ): Promise<void> {
    const { signal } = this.settings;
    try {
      while (!this.#isOver && !signal.aborted) {
        const next = await iterator.next();
        if (next.done) return;
        await this.#warm(next.value, options);
        options.onProgress?.(this.#counts());
      }
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  async #warm({ key, load, ...own }: WarmEntry, defaults: WarmOptions): Promise<void> {
    let isLoaded = false;
    try {
      await this.settings.getOrSet(key, () => ((isLoaded = true), load()), {
        ...freshnessIn(defaults),
        ...freshnessIn(own),
        tags: own.tags ?? defaults.tags,
      });
      if (isLoaded) this.#loaded += 1;
      else this.#present += 1;
    } catch (error) {
      this.#failures.push({ key, error });
    }
  }

  #counts(): WarmCounts {
    return { loaded: this.#loaded, present: this.#present, failed: this.#failures.length };
  }

  /** Only our own lease: after a pause of this process it may be somebody else's. */
  async #keep(ttlMs: number): Promise<void> {
    const { store, leaseKey } = this.settings;
    await store.replace(leaseKey, headerOf(this.#lease), this.#lease, ttlMs, this.#budget());
  }

  async #release(): Promise<void> {
    const { store, leaseKey } = this.settings;
    await store.removeExactly(leaseKey, headerOf(this.#lease), this.#budget());
  }

  #budget(): Budget {
    return new Budget(this.settings.deadlineMs);
  }
}

/** Waits for all, and then throws the first failure: nothing of it goes on after it has ended. */
async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(works);
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure) throw failure.reason;
}

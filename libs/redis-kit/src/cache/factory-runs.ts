import type { Duration } from '../core/duration.js';
import { FactoryTimeoutError } from './cache.errors.js';
import { ttlOf } from './freshness.options.js';
import { NO_TAGS, tagSet } from './tags.js';

/** What a factory knows and decides about its run. */
export interface FactoryContext<T = unknown> {
  /** Aborts at `factoryTimeout.hard`, and when the application shuts down. */
  readonly signal: AbortSignal;
  /** The value that has become stale, if it is still there. */
  readonly stale: T | undefined;
  /** The ttl of this value, instead of that of the call. */
  setTtl(ttl: Duration): void;
  /** The value is answered and not stored. What is stored already stays. */
  skip(): void;
  /**
   * Adds tags that are known only now. The value is stored only if these tags are proven not to have been invalidated
   * since the factory started: this process knows their tokens from before. The first value with a new tag is not.
   */
  setTags(...tags: string[]): void;
}

/** Makes the value of a key. */
export type CacheFactory<T> = (context: FactoryContext<T>) => T | Promise<T>;

/** The longest time a timer of Node counts; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Run {
  readonly cache: string;
  readonly key: string;
  readonly tags: ReadonlySet<string>;
  readonly factory: (context: FactoryContext<never>) => unknown;
}

/** One run of a factory, and what it decided. */
export class FactoryRun implements FactoryContext {
  readonly startedAt = performance.now();
  readonly value: Promise<unknown>;
  ttlMs: number | undefined;
  isSkipped = false;
  isRunning = true;
  lateTags = NO_TAGS;
  #controller: AbortController | undefined;
  #abortedBy: unknown;

  constructor(
    private readonly run: Run,
    readonly stale: unknown,
  ) {
    const signal = () => this.signal;
    const context: FactoryContext = {
      stale,
      setTtl: (ttl) => this.setTtl(ttl),
      skip: () => this.skip(),
      setTags: (...tags) => this.setTags(...tags),
      get signal() {
        return signal();
      },
    };
    this.value = (async () => run.factory(context as FactoryContext<never>))().finally(
      () => (this.isRunning = false),
    );
  }

  /** Made when it is asked for: most factories never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortedBy !== undefined) this.#controller.abort(this.#abortedBy);
    return this.#controller.signal;
  }

  setTtl(ttl: Duration): void {
    this.ttlMs = ttlOf('ttl', ttl);
  }

  skip(): void {
    this.isSkipped = true;
  }

  setTags(...tags: string[]): void {
    const all = tagSet([...this.run.tags, ...this.lateTags, ...tags]);
    this.lateTags = new Set([...all].filter((tag) => !this.run.tags.has(tag)));
  }

  abort(reason: unknown): void {
    this.#abortedBy ??= reason;
    this.#controller?.abort(reason);
  }

  /** The value, or `FactoryTimeoutError` when it takes longer. */
  within(timeoutMs: number): Promise<unknown> {
    if (timeoutMs === Infinity) return this.value;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          const error = new FactoryTimeoutError(this.run.cache, this.run.key, timeoutMs);
          this.abort(error);
          reject(error);
        },
        Math.min(timeoutMs, LONGEST_TIMER_MS),
      );
      this.value.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}

/** Factories that run, and the work that nobody waits for. It is finished before the connections are closed. */
export class FactoryRuns {
  readonly #runs = new Set<FactoryRun>();
  readonly #work = new Set<Promise<unknown>>();
  /** Keys that are worked on in the background. */
  readonly #keys = new Set<string>();
  #isClosed = false;

  start(run: Run, stale?: unknown): FactoryRun {
    const started = new FactoryRun(run, stale);
    this.#runs.add(started);
    if (this.#isClosed) started.abort(shutdown());
    this.keep(started.value.finally(() => this.#runs.delete(started)));
    return started;
  }

  /** Starts work that nobody waits for, unless some is going on for this key, or the application is closing. */
  inBackground(key: string, work: () => Promise<void>): void {
    if (this.#isClosed || this.#keys.has(key)) return;
    this.#keys.add(key);
    this.keep(work().finally(() => this.#keys.delete(key)));
  }

  /** Remembers work until it is done. Its errors have been told by then. */
  keep(work: Promise<unknown>): void {
    const kept = work
      .catch(() => undefined)
      .finally(() => {
        this.#work.delete(kept);
      });
    this.#work.add(kept);
  }

  /** Tells the factories to end, and resolves when they have, with all that follows from it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const run of this.#runs) run.abort(shutdown());
    while (this.#work.size > 0) await Promise.all(this.#work);
  }
}

const shutdown = (): Error => new Error('The application is shutting down');

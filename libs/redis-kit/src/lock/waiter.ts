import type { AcquireTerms } from './lock.options.js';
import type { Grant } from './stores/hold-store.js';
import type { Holding } from './holding.js';

/** What becomes of a waiter is decided by whoever asks for it. */
export interface WaiterDuties {
  granted(waiter: Waiter, grant: Grant): void;
  timedOut(waiter: Waiter): void;
  aborted(waiter: Waiter): void;
}

/** One call that wants to hold something, until it does or has given up. */
export class Waiter {
  readonly startedAt = performance.now();
  readonly promise: Promise<Holding>;
  /** Its place in the queue, for when it has to queue again. */
  ticket: number | undefined;
  /** The server said that it waits. */
  isQueued = false;
  /** A request is under way. */
  isAsking = false;
  /** A request of the current id was never answered, and may still come. */
  isUncertain = false;
  /** When the last request was sent that found it waiting: a grant can only be younger. */
  waitingSince: number | undefined;
  holderAgeMs: number | undefined;
  /** Why Redis did not answer the last time. */
  failure: unknown;
  isSettled = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #onAbort: (() => void) | undefined;
  #resolve!: (holding: Holding) => void;
  #reject!: (reason: unknown) => void;

  constructor(
    /** Of its current request; a new one each time it queues again. */
    public id: string,
    readonly name: string,
    readonly detail: string | number,
    readonly terms: AcquireTerms,
    private readonly duties: WaiterDuties,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = terms;
    if (signal) {
      this.#onAbort = () => duties.aborted(this);
      signal.addEventListener('abort', this.#onAbort);
    }
  }

  get waitedMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /** From now on a timer ends it when its time is over. */
  watch(): void {
    if (this.isSettled || this.#timer) return;
    const leftMs = this.startedAt + this.terms.waitMs - performance.now();
    this.#timer = setTimeout(() => this.duties.timedOut(this), Math.max(0, leftMs));
  }

  onGranted(grant: Grant): void {
    this.duties.granted(this, grant);
  }

  abort(): void {
    this.duties.aborted(this);
  }

  resolve(holding: Holding): void {
    this.#settle();
    this.#resolve(holding);
  }

  reject(reason: unknown): void {
    this.#settle();
    this.#reject(reason);
  }

  #settle(): void {
    this.isSettled = true;
    clearTimeout(this.#timer);
    if (this.#onAbort) this.terms.signal?.removeEventListener('abort', this.#onAbort);
  }
}

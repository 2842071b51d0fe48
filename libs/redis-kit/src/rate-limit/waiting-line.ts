import { deferred } from '../core/deferred.js';
import type { RateLimitDecision } from './decision.js';

/** What is in progress ends when nobody can foretell; other processes do not say when. */
const LONGEST_PAUSE_MS = 250;
/** Most of a pause that is left to chance, so that processes that were told the same moment do not all ask at it. */
const LARGEST_JITTER_MS = 100;

export interface WaitTerms {
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Calls that wait until they are allowed. Of those of one process that want the same only the first one asks, so a
 * crowd never wakes up together; among processes there is no order.
 */
export class WaitingLine {
  /** Settles when the last one that wants the same is done. */
  readonly #ends = new Map<string, Promise<void>>();
  readonly #sleepers = new Map<string, Set<() => void>>();
  #isClosed = false;

  /**
   * Asks until the answer is yes, or waiting is no use any more: the last answer then. Those it waits for are `trackers`.
   *
   * @throws the reason of the signal, when it aborts; nothing is counted then.
   */
  async wait(
    id: string,
    trackers: readonly string[],
    { waitMs, signal }: WaitTerms,
    ask: () => Promise<RateLimitDecision>,
  ): Promise<RateLimitDecision> {
    signal?.throwIfAborted();
    const endsAt = performance.now() + waitMs;
    const before = this.#ends.get(id);
    const end = deferred<void>();
    this.#ends.set(id, end.promise);
    try {
      if (before) await this.#pause(trackers, waitMs, signal, before);
      for (;;) {
        signal?.throwIfAborted();
        const decision = await ask();
        if (signal?.aborted) {
          await decision.refund();
          throw signal.reason;
        }
        const leftMs = endsAt - performance.now();
        const pauseMs = decision.allowed ? 0 : pauseFor(decision, leftMs);
        if (pauseMs === 0 || this.#isClosed) return decision;
        await this.#pause(trackers, pauseMs, signal);
      }
    } finally {
      // Whoever gave up in the middle lets nobody pass those in front.
      void Promise.resolve(before).then(() => {
        end.resolve();
        if (this.#ends.get(id) === end.promise) this.#ends.delete(id);
      });
    }
  }

  /** Something of the tracker was given back: whoever waits for it asks again. */
  wake(tracker: string): void {
    for (const wake of this.#sleepers.get(tracker) ?? []) wake();
  }

  /** All waits end now, with the answer they have. */
  close(): void {
    this.#isClosed = true;
    for (const tracker of this.#sleepers.keys()) this.wake(tracker);
  }

  /** Until `ms` are over, it is woken, or `turn` comes. */
  async #pause(
    trackers: readonly string[],
    ms: number,
    signal: AbortSignal | undefined,
    turn?: Promise<void>,
  ): Promise<void> {
    if (this.#isClosed) return;
    const { promise, resolve } = deferred<void>();
    const wake = (): void => resolve();
    const timer = setTimeout(wake, ms);
    signal?.addEventListener('abort', wake);
    // Whoever is not first in line has nothing to ask for yet, unless everything ends.
    const names = turn ? [''] : trackers;
    for (const name of names) {
      this.#sleepers.set(name, (this.#sleepers.get(name) ?? new Set()).add(wake));
    }
    await (turn ? Promise.race([promise, turn]) : promise);
    clearTimeout(timer);
    signal?.removeEventListener('abort', wake);
    for (const name of names) {
      const sleepers = this.#sleepers.get(name);
      sleepers?.delete(wake);
      if (sleepers?.size === 0) this.#sleepers.delete(name);
    }
  }
}

/** How long to wait before asking again; 0 when that is no use within the time that is left. */
function pauseFor({ policies, retryAfterMs }: RateLimitDecision, leftMs: number): number {
  if (leftMs <= 0 || retryAfterMs === Infinity) return 0;
  // Only what runs at the same time can end before it was said to.
  const told = Math.max(0, ...policies.map((one) => (one.windowMs > 0 ? one.retryAfterMs : 0)));
  if (told > leftMs) return 0;
  const pauseMs = told > 0 ? told : Math.min(retryAfterMs, LONGEST_PAUSE_MS);
  return Math.min(leftMs, pauseMs + Math.random() * Math.min(pauseMs, LARGEST_JITTER_MS));
}

import type { RateLimitDecision } from '../decision.js';
import type { PolicyStanding } from './rate-limit-headers.js';
import type { RoutePolicy } from './limiter-policy.js';

/** How a call ended. */
export interface CallEnd {
  /** It threw, or was answered with a status of 400 or above, or its client was gone before the answer. */
  readonly isFailure: boolean;
  /** Of an HTTP response that was sent. */
  readonly status?: number | undefined;
}

interface Held {
  readonly decision: RateLimitDecision;
  readonly isGivenBack: (end: CallEnd) => boolean;
}

/** One call on its way through guards and interceptors: what was counted for it, and what becomes of that. */
export class CallState {
  /** Policies that had their say. */
  readonly counted = new Set<RoutePolicy>();
  readonly standings: PolicyStanding[] = [];
  /** Something tells how the call ended. */
  isWatched = false;
  readonly #held: Held[] = [];
  #end: CallEnd | undefined;

  /** What it holds is not free before it ends, however long that takes. Only for a call that is sure to be told its end. */
  keepAlive(): void {
    for (const { decision } of this.#held) decision.keepAlive();
  }

  /** Keeps what was counted until the call ends; it may have ended already, when its client went away. */
  hold(held: Held): void {
    this.#held.push(held);
    if (this.#end) this.#settle(this.#end);
  }

  /** The call is over: what it held while it ran is free, and what is to be given back is. */
  end(end: CallEnd): void {
    this.#end ??= end;
    this.#settle(this.#end);
  }

  /** A policy denied the call: it counts for none. */
  async undo(): Promise<void> {
    const held = this.#held.splice(0);
    await Promise.all(held.flatMap(({ decision }) => [decision.release(), decision.refund()]));
  }

  #settle(end: CallEnd): void {
    for (const { decision, isGivenBack } of this.#held.splice(0)) {
      void decision.release();
      if (isGivenBack(end)) void decision.refund();
    }
  }
}

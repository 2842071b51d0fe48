import type { RateLimitDecision, RateLimitPolicyResult, RateLimitSource } from './decision.js';
import { outlookOf, type TrackerPart } from './tracker-part.js';

/** How a decision changes what it counted. */
export interface Correction {
  readonly part: TrackerPart;
  /** Negative gives back. */
  readonly change: number;
  /** Of what counts requests in progress, or of all the rest. */
  readonly ofSlots: boolean;
}

/** What a decision does with what it counted. Neither ever throws. */
export interface DecisionDuties {
  correct(correction: Correction): Promise<void>;
  renew(part: TrackerPart): Promise<void>;
}

/** Two renewals may fail before a lease runs out. */
const RENEWALS_PER_LEASE = 3;

/** A decision that can undo what it counted. */
export class CountedDecision implements RateLimitDecision {
  readonly allowed: boolean;
  readonly policies: readonly RateLimitPolicyResult[];
  readonly denied: readonly string[];
  readonly retryAfterMs: number;
  readonly source: RateLimitSource;
  #isReleased = false;
  #renewals: NodeJS.Timeout | undefined;
  #isRefunded = false;
  /** What is counted now. */
  #cost: number;

  constructor(
    private readonly parts: readonly TrackerPart[],
    private readonly duties: DecisionDuties,
  ) {
    const { allowed, policies, denied, retryAfterMs, source } = outlookOf(parts);
    this.allowed = allowed;
    this.policies = policies;
    this.denied = denied;
    this.retryAfterMs = retryAfterMs;
    this.source = source;
    this.#cost = parts[0]?.request.cost ?? 0;
  }

  keepAlive(): void {
    if (!this.allowed || this.#isReleased || this.#renewals) return;
    const leases = this.parts.flatMap(({ request: { limits } }) =>
      limits.flatMap(({ kind, a }) => (kind === 'C' ? [a / 1_000] : [])),
    );
    if (leases.length === 0) return;
    const renew = (): void => {
      for (const part of this.parts) void this.duties.renew(part);
    };
    this.#renewals = setInterval(renew, Math.min(...leases) / RENEWALS_PER_LEASE);
    this.#renewals.unref();
  }

  async release(): Promise<void> {
    if (this.allowed) await this.#freeSlots();
  }

  async refund(): Promise<void> {
    if (!this.allowed) return;
    await this.takeBack();
  }

  async settle(actualCost: number): Promise<void> {
    if (!Number.isSafeInteger(actualCost) || actualCost < 0) {
      throw new RangeError(
        `The actual cost is ${actualCost}, and must be a whole number of at least 0`,
      );
    }
    if (!this.allowed || this.#isRefunded) return;
    const change = actualCost - this.#cost;
    this.#cost = actualCost;
    if (change !== 0) await this.#change(change, false);
  }

  /** Gives back what any part has counted, whether the whole was allowed or not. */
  async takeBack(): Promise<void> {
    if (this.#isRefunded) return;
    this.#isRefunded = true;
    await Promise.all([this.#freeSlots(), this.#change(-this.#cost, false)]);
  }

  async #freeSlots(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    clearInterval(this.#renewals);
    await this.#change(-(this.parts[0]?.request.cost ?? 0), true);
  }

  async #change(change: number, ofSlots: boolean): Promise<void> {
    if (change === 0) return;
    const counted = this.parts.filter(({ answer, request }) => answer.allowed && request.counts);
    await Promise.all(counted.map((part) => this.duties.correct({ part, change, ofSlots })));
  }
}

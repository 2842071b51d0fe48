import { LRUCache } from 'lru-cache';
import type { Limit } from './limit.js';
import type { BucketAnswer, BucketRequest } from './stores/bucket-store.js';

interface Denial {
  readonly limits: readonly Limit[];
  readonly cost: number;
  readonly answer: BucketAnswer;
  /** On the monotonic clock of this process. */
  readonly at: number;
  readonly until: number;
}

/**
 * Denials this process has heard, until the same request may be allowed. Nobody but Redis allows anything, so the worst a
 * stale one can do is to deny for `maxAgeMs` what another process has just given back or reset.
 */
export class DenyCache {
  readonly #denials: LRUCache<string, Denial> | undefined;
  #moment = 0;

  constructor(
    maxEntries: number,
    private readonly maxAgeMs: number,
  ) {
    this.#denials = maxEntries > 0 && maxAgeMs > 0 ? new LRUCache({ max: maxEntries }) : undefined;
  }

  /** Passes when something is forgotten: what was asked before is not remembered after. */
  get moment(): number {
    return this.#moment;
  }

  /** What Redis would say to this request, if it is known to be denied. */
  find({ tracker, limits, cost }: BucketRequest): BucketAnswer | undefined {
    const denial = this.#denials?.get(tracker);
    // A smaller request may pass, and so may one of other policies.
    if (!denial || cost < denial.cost || !isSame(limits, denial.limits)) return undefined;
    const now = performance.now();
    if (now >= denial.until) {
      this.#denials!.delete(tracker);
      return undefined;
    }
    const passedMs = Math.floor(now - denial.at);
    return {
      allowed: false,
      // Spelled out, not spread: a flood ends here.
      results: denial.answer.results.map((result) => ({
        allowed: result.allowed,
        remaining: result.remaining,
        retryAfterMs: result.allowed ? 0 : Math.max(1, result.retryAfterMs - passedMs),
        resetMs: Math.max(0, result.resetMs - passedMs),
        blocked: result.blocked,
        mark: undefined,
        windowMs: result.windowMs,
      })),
    };
  }

  /**
   * @param sentAt when Redis was asked, on the monotonic clock: the wait it answered began later.
   * @param moment the one at which it was asked.
   */
  remember(request: BucketRequest, answer: BucketAnswer, sentAt: number, moment: number): void {
    if (!this.#denials || answer.allowed || moment !== this.#moment) return;
    const { tracker, limits, cost } = request;
    // Requests must reach Redis that count although denied, and what is in progress may end at any time.
    if (limits.some(({ countDenied, kind }) => countDenied || kind === 'C')) return;
    const retryAfterMs = Math.max(...answer.results.map((result) => result.retryAfterMs));
    const until = sentAt + Math.min(retryAfterMs, this.maxAgeMs);
    this.#denials.set(tracker, { limits, cost, answer, at: sentAt, until });
  }

  /** Something was given back to the tracker, or it was reset. */
  forget(tracker: string): void {
    this.#moment += 1;
    this.#denials?.delete(tracker);
  }
}

const isSame = (limits: readonly Limit[], others: readonly Limit[]): boolean =>
  limits === others ||
  (limits.length === others.length && limits.every((limit, at) => counts(limit, others[at]!)));

/** Whether both count the same in the same place; policies may be made anew for each request. */
const counts = (one: Limit, other: Limit): boolean =>
  one === other ||
  (one.name === other.name &&
    one.kind === other.kind &&
    one.limit === other.limit &&
    one.a === other.a &&
    one.b === other.b &&
    one.calendar === other.calendar);

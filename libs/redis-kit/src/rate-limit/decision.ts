import type { Duration } from '../core/duration.js';

/** What one policy says. Nothing of it is a promise about the next request: others count too. */
export interface RateLimitPolicyResult {
  readonly name: string;
  readonly allowed: boolean;
  readonly limit: number;
  /** What is left after this request; 0 when it was denied by a block. */
  readonly remaining: number;
  /** Length of the window; that of a calendar day or month is the one at hand. 0 for `concurrency`. */
  readonly windowMs: number;
  /** Until everything is available again, if nothing more is counted. `Infinity` when that is never. */
  readonly resetMs: number;
  /** 0 when allowed, else until the same request would be allowed. `Infinity` when that is never. */
  readonly retryAfterMs: number;
  /** True while the policy is blocked after earlier denials, or by hand. */
  readonly blocked: boolean;
}

/** Who decided: Redis, this process' memory of a denial, or its insurance because Redis was away. */
export type RateLimitSource = 'redis' | 'deny-cache' | 'insurance';

/** What became of a request. */
export interface RateLimitDecision {
  /** True when every policy allows it. Then it was counted by all of them; otherwise by none. */
  readonly allowed: boolean;
  /** All policies that were asked, in the order they were given. */
  readonly policies: readonly RateLimitPolicyResult[];
  /** Names of the policies that deny it. */
  readonly denied: readonly string[];
  /** Until the same request may be allowed: the longest wait of the policies. */
  readonly retryAfterMs: number;
  /** The least trustworthy of all sources that had a say. */
  readonly source: RateLimitSource;
  /**
   * Renews the leases of what `concurrency` policies count until `release()`, for what may take longer than a lease. While
   * Redis is away they run on. Never throws.
   */
  keepAlive(): void;
  /** Ends what `concurrency` policies count. Safe to call more than once; never throws. */
  release(): Promise<void>;
  /** Gives back what was counted, unless its window is over. Safe to call more than once; never throws. */
  refund(): Promise<void>;
  /** Corrects what was counted to what it really cost. Counts beyond the limit, too. Never throws. */
  settle(actualCost: number): Promise<void>;
}

/** What a request would be told, without counting it. */
export type RateLimitOutlook = Omit<
  RateLimitDecision,
  'keepAlive' | 'release' | 'refund' | 'settle'
>;

/** What counts together: all policies of one tracker, in one step. */
export interface RateLimitTracker<Policy> {
  /** Whoever is counted, such as `'ip:203.0.113.7'`. Any text; it is hashed before it becomes a key. */
  readonly key: string;
  readonly policies: readonly Policy[];
}

/** Options of one call. */
export interface RateLimitCallOptions {
  /**
   * What the request costs: a whole number.
   * @default 1
   */
  readonly cost?: number | undefined;
  /**
   * With several trackers: ask all of them at once instead of one after the other. Faster when most requests are allowed;
   * one that is denied has been counted for a moment by the others.
   * @default false
   */
  readonly parallel?: boolean | undefined;
  /**
   * How long to wait until it is allowed. What cannot be within that time is denied at once, everything else when the time
   * is over: the decision is then the last one. Calls of one process that want the same are allowed in their order.
   * @default 0
   */
  readonly wait?: Duration | undefined;
  /** Ends the wait: the call is rejected with the reason of the signal, and is not counted. */
  readonly signal?: AbortSignal | undefined;
}

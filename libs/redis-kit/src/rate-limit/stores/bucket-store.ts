import type { Budget, UNAVAILABLE } from '../../core/failsafe/failsafe.js';
import type { Limit } from '../limit.js';

/** A request of one tracker. */
export interface BucketRequest {
  readonly tracker: string;
  readonly limits: readonly Limit[];
  /** At most what each limit allows at once. */
  readonly cost: number;
  /** False to ask only. */
  readonly counts: boolean;
  /** Names the request among what is in progress; empty when nothing of it counts that. */
  readonly holder: string;
}

/** What a limit says to a request. */
export interface BucketResult {
  readonly allowed: boolean;
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetMs: number;
  readonly blocked: boolean;
  /** Of the window it was counted in, for `correct`; undefined when it is counted nowhere. */
  readonly mark: number | undefined;
  /** Of a calendar's window, which the limit alone does not say. */
  readonly windowMs?: number | undefined;
}

export interface BucketAnswer {
  readonly allowed: boolean;
  /** In the order of the limits. */
  readonly results: readonly BucketResult[];
}

export interface BucketCorrection {
  readonly tracker: string;
  readonly limits: readonly Limit[];
  /** Of the answer in which it was counted; undefined: of the windows at hand. */
  readonly marks: readonly (number | undefined)[] | undefined;
  /** A whole number; negative gives back. */
  readonly change: number;
  readonly holder: string;
}

/** Where limits count. */
export abstract class BucketStore {
  /** Counts the request by all its limits, or by none. Answers `UNAVAILABLE` instead of throwing. */
  abstract consume(
    request: BucketRequest,
    budget: Budget,
  ): Promise<BucketAnswer | typeof UNAVAILABLE>;

  /** Changes what was counted, whatever the limits say. @throws when it could not be done. */
  abstract correct(correction: BucketCorrection, deadlineMs: number): Promise<void>;

  /** Renews the leases of a request in progress, of limits that count these. @throws when it could not be done. */
  abstract renew(
    request: Pick<BucketRequest, 'tracker' | 'limits' | 'cost' | 'holder'>,
    deadlineMs: number,
  ): Promise<void>;

  /** Denies everything for a while. @throws when it could not be done. */
  abstract block(tracker: string, forMs: number, deadlineMs: number): Promise<void>;

  /** Ends every block of the tracker, and forgets how often it was blocked. @throws when it could not be done. */
  abstract unblock(tracker: string, deadlineMs: number): Promise<void>;

  /** Forgets what these limits counted, and every block of the tracker. @throws when it could not be done. */
  abstract reset(tracker: string, limits: readonly Limit[], deadlineMs: number): Promise<void>;
}

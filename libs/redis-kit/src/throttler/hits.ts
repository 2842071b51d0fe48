/** A throttler as it applies to one hit. */
export interface HitPolicy {
  readonly ttlMs: number;
  readonly limit: number;
  /** 0: hits above the limit are refused, and do not count. */
  readonly blockMs: number;
}

/** Where a client stands after a hit. */
export interface HitCount {
  readonly totalHits: number;
  readonly expiresInMs: number;
  readonly isBlocked: boolean;
  readonly unblockedInMs: number;
}

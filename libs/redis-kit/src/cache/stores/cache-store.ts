import type { Budget, UNAVAILABLE } from '../../core/failsafe/failsafe.js';
import type { Lease } from '../entry.js';

/** An answer, or the word that the store could not be asked in time. */
export type Answer<T> = Promise<T | typeof UNAVAILABLE>;

/**
 * Where a cache keeps its entries, as bytes by key. What any store must do is written down as a contract suite
 * (`testing/contracts/cache-store.contract.ts`).
 *
 * Everything but `remove` may be answered with `UNAVAILABLE` and then had no visible effect, or one that its lease fences.
 */
export abstract class CacheStore {
  /** The bytes under a key, null when there are none. */
  abstract read(key: string, budget: Budget): Answer<Buffer | null>;

  /** Puts bytes under a key, whatever is there. */
  abstract write(key: string, entry: Buffer, ttlMs: number, budget: Budget): Answer<void>;

  /** Puts a lease where nothing is. Answers null when it now stands, or the bytes that were there first. */
  abstract plant(key: string, lease: Lease, ttlMs: number, budget: Budget): Answer<Buffer | null>;

  /** Replaces exactly this lease by a value; false when the lease is gone. */
  abstract fill(
    key: string,
    lease: Lease,
    entry: Buffer,
    ttlMs: number,
    budget: Budget,
  ): Answer<boolean>;

  /** Removes exactly this lease. */
  abstract release(key: string, lease: Lease, budget: Budget): Answer<boolean>;

  /**
   * Removes whatever is under a key; true when there was something.
   *
   * @throws when that could not be done within the deadline: an invalidation is never lost silently.
   */
  abstract remove(key: string, deadlineMs: number): Promise<boolean>;
}

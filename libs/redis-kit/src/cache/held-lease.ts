import { Budget } from '../core/failsafe/failsafe.js';
import type { CacheEngine } from './engine.js';

/** What others see while a factory runs: the lease in the key itself, or a claim beside a stale value. */
export interface Lease {
  readonly key: string;
  /** What tells it from everything else that may stand there. */
  readonly header: Buffer;
  readonly bytes: Buffer;
}

/** A renewal that Redis did not answer is tried again after this part of the lease. */
const RETRY_PART = 8;

/**
 * Keeps a lease alive until it is let go. So it can be short: a process that dies, or whose event loop stands still,
 * renews nothing, and others take over within `lease`.
 *
 * To renew is to put the same bytes in the place of exactly these bytes, so nobody else's entry lives longer by it, and
 * what has lapsed or was removed stays gone. At half of its life and no sooner, because every write to a watched key is
 * a message to every process.
 *
 * @returns lets the lease go.
 */
export function holdLease(
  {
    store,
    leaseMs,
    leaseLimitMs,
    deadlineMs,
  }: Pick<CacheEngine, 'store' | 'leaseMs' | 'leaseLimitMs' | 'deadlineMs'>,
  { key, header, bytes }: Lease,
): () => void {
  const heldUntil = performance.now() + leaseLimitMs;
  let isHeld = true;
  let timer: NodeJS.Timeout;
  const renew = async (): Promise<void> => {
    if (performance.now() > heldUntil) return;
    const standing = await store.replace(key, header, bytes, leaseMs, new Budget(deadlineMs));
    if (standing !== false && isHeld) schedule(leaseMs / (standing === true ? 2 : RETRY_PART));
  };
  const schedule = (afterMs: number): void => {
    timer = setTimeout(() => void renew(), afterMs);
    timer.unref();
  };
  schedule(leaseMs / 2);
  return () => {
    isHeld = false;
    clearTimeout(timer);
  };
}

import { RedisKitError } from '../core/redis-kit.error.js';
import type { HoldKind } from './stores/hold-store.js';

const NOUN: Record<HoldKind, string> = {
  mutex: 'Lock',
  semaphore: 'Semaphore',
  read: 'Read lock',
  write: 'Write lock',
};

export interface LockTimeoutDetails {
  readonly kind: HoldKind;
  /** How long the call waited. */
  readonly waitedMs: number;
  /** Since when the holder has had it, as the server last said; undefined when Redis never answered. */
  readonly holderAgeMs: number | undefined;
  /** The caller itself holds it, further up in the same call. */
  readonly isHeldByCaller?: boolean;
  /** Why Redis did not answer, when it did not. */
  readonly cause?: unknown;
}

/** It could not be had within `wait`. */
export class LockTimeoutError extends RedisKitError {
  readonly code = 'LOCK_TIMEOUT';
  readonly waitedMs: number;
  readonly holderAgeMs: number | undefined;

  constructor(
    readonly lock: string,
    { kind, waitedMs, holderAgeMs, isHeldByCaller = false, cause }: LockTimeoutDetails,
  ) {
    const why =
      holderAgeMs === undefined
        ? 'Redis did not answer; see the cause.'
        : isHeldByCaller
          ? 'This very call holds it further up: hand the lock on as `within`, it is not re-entrant by itself.'
          : `Its holder has had it for ${holderAgeMs} ms. Wait longer, or hold it for less time.`;
    super(
      `${NOUN[kind]} '${lock}' could not be acquired within ${waitedMs} ms. ${why}`,
      cause === undefined ? undefined : { cause },
    );
    this.waitedMs = waitedMs;
    this.holderAgeMs = holderAgeMs;
  }
}

/**
 * Why a lock can no longer be trusted: its lease ran out (`expired`), its key is gone (evicted, deleted, lost in a
 * failover), somebody else holds it (`stolen`), Redis could not be asked in time (`unreachable`), it was held for as long
 * as it may be (`max-hold`), or the application ends (`shutdown`).
 */
export type LockLostReason =
  'expired' | 'gone' | 'stolen' | 'unreachable' | 'max-hold' | 'shutdown';

const LOST_BECAUSE: Record<LockLostReason, string> = {
  expired: 'its lease ran out before it was renewed',
  gone: 'its key is no longer in Redis (evicted, deleted, or lost in a failover)',
  stolen: 'somebody else holds it now',
  unreachable: 'Redis could not be asked before the lease ran out',
  'max-hold': 'it was held for as long as maxHold allows',
  shutdown: 'the application is shutting down',
};

/** What was held can no longer be trusted. Stop writing; writes that carry the fence are refused. */
export class LockLostError extends RedisKitError {
  readonly code = 'LOCK_LOST';

  constructor(
    readonly lock: string,
    readonly reason: LockLostReason,
    readonly heldMs: number,
    options?: { cause?: unknown },
  ) {
    super(
      `Lock '${lock}' was lost after ${heldMs} ms: ${LOST_BECAUSE[reason]}. Stop writing what it guards.`,
      options,
    );
  }
}

/** It is held, but too few replicas have confirmed it in time; it was given back. */
export class LockNotReplicatedError extends RedisKitError {
  readonly code = 'LOCK_NOT_REPLICATED';

  constructor(
    readonly lock: string,
    readonly minReplicas: number,
    readonly confirmedBy: number,
    options?: { cause?: unknown },
  ) {
    super(
      `Lock '${lock}' was confirmed by ${confirmedBy} of ${minReplicas} replicas in time, and was given back. ` +
        'Check that the replicas are connected, or raise locks.replication.',
      options,
    );
  }
}

/** The handle was released: it can be neither extended nor handed on. */
export class LockNotHeldError extends RedisKitError {
  readonly code = 'LOCK_NOT_HELD';

  constructor(readonly lock: string) {
    super(`Lock '${lock}' was released by this handle. Acquire it anew.`);
  }
}

/** The wait was ended by its `signal`, or by the shutdown of the application. */
export class LockAbortedError extends RedisKitError {
  readonly code = 'LOCK_ABORTED';

  constructor(
    readonly lock: string,
    readonly waitedMs: number,
    options?: { cause?: unknown },
  ) {
    super(`The wait for lock '${lock}' was ended after ${waitedMs} ms.`, options);
  }
}

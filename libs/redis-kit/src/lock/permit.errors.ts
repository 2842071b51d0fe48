import { RedisKitError } from '../core/redis-kit.error.js';

/** More permits were asked for at once than there are, so the wait would never end. */
export class PermitsExceededError extends RedisKitError {
  readonly code = 'PERMITS_EXCEEDED';

  constructor(
    readonly semaphore: string,
    readonly asked: number,
    /** How many there are now. */
    readonly permits: number,
  ) {
    super(
      `${asked} permits of semaphore '${semaphore}' were asked for, and it has ${permits}. ` +
        'Ask for fewer, or resize the semaphore.',
    );
  }
}

/** Whoever reads asked to write: it would wait for itself, and two that do so for each other. */
export class LockUpgradeError extends RedisKitError {
  readonly code = 'LOCK_UPGRADE';

  constructor(readonly lock: string) {
    super(
      `Read/write lock '${lock}' cannot be upgraded: this call holds it for reading, and a writer waits for all readers. ` +
        'Release it first, or acquire it for writing from the start and downgrade.',
    );
  }
}

/** A write lock was to be downgraded of which there are other handles: they would go on as writers. */
export class LockSharedError extends RedisKitError {
  readonly code = 'LOCK_SHARED';

  constructor(
    readonly lock: string,
    /** How many besides the one that was to be downgraded. */
    readonly otherHandles: number,
  ) {
    super(
      `Read/write lock '${lock}' cannot be downgraded while other handles on it, made by share(), are in use ` +
        `(${otherHandles} now): they may still write. Release them first.`,
    );
  }
}

/** The latch did not open within `wait`. */
export class LatchTimeoutError extends RedisKitError {
  readonly code = 'LATCH_TIMEOUT';

  constructor(
    readonly latch: string,
    readonly waitedMs: number,
    /** How many counts were missing when Redis last answered; undefined when it never did. */
    readonly missing: number | undefined,
    options?: { cause?: unknown },
  ) {
    super(
      `Latch '${latch}' did not open within ${waitedMs} ms: ` +
        (missing === undefined ? 'Redis did not answer.' : `${missing} counts are missing.`),
      options,
    );
  }
}

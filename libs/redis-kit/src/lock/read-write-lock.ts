import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Acquirer } from './acquirer.js';
import { whileHeld, type Work } from './while-held.js';
import { LockTimeoutError } from './lock.errors.js';
import type { Holding } from './holding.js';
import { Lock } from './lock.js';
import { resolveTerms, type LockCallOptions } from './lock.options.js';
import { isNotNow } from './not-now.js';
import { LockSharedError, LockUpgradeError } from './permit.errors.js';
import { permitDetail, type PermitStore } from './stores/permit-store.js';

/** A writer takes all permits, a reader one. More readers at once than this wait. */
const MOST_READERS = 100_000;
const READER = permitDetail({ limit: MOST_READERS, weight: 1 });
const WRITER = permitDetail({ limit: MOST_READERS, weight: MOST_READERS });
const RETRY_MS = 50;

/** Names that the current call holds for reading. */
const reading = new AsyncLocalStorage<ReadonlySet<string>>();

/** Both sides of all read/write locks of this process. */
export interface ReadWriteSides {
  readonly readers: Acquirer;
  readonly writers: Acquirer;
  readonly store: PermitStore;
}

/**
 * A lock that many may hold for reading, or one for writing. Each is a lease with a fence, as a lock is.
 *
 * Readers and writers wait in one queue: a writer is not passed by readers that came after it.
 */
export class ReadWriteLock {
  constructor(
    readonly name: string,
    private readonly sides: ReadWriteSides,
  ) {}

  /**
   * Waits until it may read.
   *
   * @throws LockTimeoutError after `wait`, LockAbortedError by `signal`
   */
  async read(options: LockCallOptions = {}): Promise<Lock> {
    const { readers } = this.sides;
    const terms = resolveTerms(options, readers.process.options);
    return new Lock(readers, await readers.acquire(this.name, terms, READER));
  }

  /**
   * Waits until it may write.
   *
   * @throws LockTimeoutError after `wait`, LockAbortedError by `signal`, LockUpgradeError inside `withRead`
   */
  async write(options: LockCallOptions = {}): Promise<WriteLock> {
    if (reading.getStore()?.has(this.name)) throw new LockUpgradeError(this.name);
    const { writers } = this.sides;
    const terms = resolveTerms(options, writers.process.options);
    const holding = await writers.acquire(this.name, terms, WRITER);
    return new WriteLock(this.sides, holding);
  }

  /** `read` with null in place of a `LockTimeoutError`; it does not wait unless `wait` says so. */
  tryRead(options: LockCallOptions = {}): Promise<Lock | null> {
    return orNull(this.read({ wait: 0, ...options }));
  }

  /** `write` with null in place of a `LockTimeoutError`; it does not wait unless `wait` says so. */
  tryWrite(options: LockCallOptions = {}): Promise<WriteLock | null> {
    return orNull(this.write({ wait: 0, ...options }));
  }

  /** Runs `work` while it may read. */
  async withRead<T>(options: LockCallOptions, work: Work<Lock, T>): Promise<T> {
    const names = new Set(reading.getStore()).add(this.name);
    return whileHeld(await this.read(options), [], (lock) => reading.run(names, () => work(lock)));
  }

  /** Runs `work` while it may write. */
  async withWrite<T>(options: LockCallOptions, work: Work<WriteLock, T>): Promise<T> {
    return whileHeld(await this.write(options), [], work);
  }
}

/** The writing side. */
export class WriteLock extends Lock {
  constructor(
    private readonly sides: ReadWriteSides,
    private readonly written: Holding,
  ) {
    super(sides.writers, written);
  }

  /**
   * Goes on as a reader: nobody else writes in between, and other readers may come in at once. This handle ends, the one
   * that is returned has the same fence and lease.
   *
   * @throws LockLostError, LockNotHeldError, LockSharedError while other handles on it are not released
   */
  async downgrade(): Promise<Lock> {
    this.check();
    const { written, name } = this;
    if (written.handles > 1) throw new LockSharedError(name, written.handles - 1);
    // From here on this handle is spent: a second downgrade, or another handle, would be about what is no longer held.
    this.end();
    return this.#exchange();
  }

  async #exchange(): Promise<Lock> {
    const { readers, writers, store } = this.sides;
    const { written, name } = this;
    const lighterId = writers.process.nextId(READER);
    for (;;) {
      try {
        if (await store.exchange(name, written.id, lighterId)) break;
        written.lose('gone');
      } catch (error) {
        if (!isNotNow(error)) {
          // Nobody has a handle on it any more.
          await writers.release(written).catch(() => undefined);
          throw error;
        }
        written.failed(error);
        await pause(RETRY_MS);
      }
      written.check();
    }
    return new Lock(readers, readers.adopt(written, lighterId));
  }
}

async function orNull<T>(held: Promise<T>): Promise<T | null> {
  try {
    return await held;
  } catch (error) {
    if (error instanceof LockTimeoutError && error.holderAgeMs !== undefined) return null;
    throw error;
  }
}

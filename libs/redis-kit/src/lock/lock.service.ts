import { Acquirer } from './acquirer.js';
import { LockTimeoutError } from './lock.errors.js';
import { Lock } from './lock.js';
import { resolveTerms, type LockCallOptions } from './lock.options.js';
import type { LockProcess } from './lock-process.js';
import type { HoldStore } from './stores/hold-store.js';

/**
 * Locks shared by all processes of the application.
 *
 * A lock is a lease with a fence, never mutual exclusion: while its `signal` has not fired nobody else is granted it, and
 * what it guards can refuse a late writer by its `fence`. Waiters are served in the order in which they came.
 */
export class LockService {
  readonly #mutex: Acquirer;

  constructor(
    readonly process: LockProcess,
    mutexes: HoldStore,
  ) {
    this.#mutex = new Acquirer(mutexes, process);
  }

  /**
   * Waits until the lock is held.
   *
   * @throws LockTimeoutError after `wait`, LockAbortedError by `signal`
   */
  async acquire(name: string, options: LockCallOptions = {}): Promise<Lock> {
    const terms = resolveTerms(options, this.process.options);
    return new Lock(this.#mutex, await this.#mutex.acquire(name, terms));
  }

  /** The same with null in place of a `LockTimeoutError`; it does not wait unless `wait` says so. */
  async tryAcquire(name: string, options: LockCallOptions = {}): Promise<Lock | null> {
    try {
      return await this.acquire(name, { wait: 0, ...options });
    } catch (error) {
      if (error instanceof LockTimeoutError && error.holderAgeMs !== undefined) return null;
      throw error;
    }
  }

  /** Ends all waits and lets holders finish, at most this long. What they still hold then is lost. */
  close(patienceMs: number): Promise<void> {
    return this.process.close(patienceMs);
  }
}

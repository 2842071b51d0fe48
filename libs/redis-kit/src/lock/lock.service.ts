import { Acquirer } from './acquirer.js';
import { LockTimeoutError } from './lock.errors.js';
import { Lock } from './lock.js';
import { resolveTerms, type LockCallOptions } from './lock.options.js';
import type { LockProcess } from './lock-process.js';
import { Election, type ElectionOptions } from './election.js';
import { Latch, type LatchOptions } from './latch.js';
import { ReadWriteLock, type ReadWriteSides } from './read-write-lock.js';
import { Semaphore, type SemaphoreOptions } from './semaphore.js';
import type { HoldStore } from './stores/hold-store.js';
import type { LatchStore } from './stores/latch-store.js';
import type { PermitStore } from './stores/permit-store.js';

/** Where all is kept that is not a plain lock. */
export interface SharedStores {
  readonly semaphores: PermitStore;
  readonly readers: PermitStore;
  readonly writers: PermitStore;
  readonly latches: LatchStore;
}

/**
 * Locks shared by all processes of the application.
 *
 * A lock is a lease with a fence, never mutual exclusion: while its `signal` has not fired nobody else is granted it, and
 * what it guards can refuse a late writer by its `fence`. Waiters are served in the order in which they came.
 */
export class LockService {
  readonly #mutex: Acquirer;
  readonly #semaphores: Acquirer;
  readonly #sides: ReadWriteSides;
  readonly #closing = new AbortController();
  readonly #elections = new Set<Election>();

  constructor(
    readonly process: LockProcess,
    mutexes: HoldStore,
    private readonly shared: SharedStores,
  ) {
    this.#mutex = new Acquirer(mutexes, process);
    this.#semaphores = new Acquirer(shared.semaphores, process);
    this.#sides = {
      readers: new Acquirer(shared.readers, process),
      writers: new Acquirer(shared.writers, process),
      store: shared.writers,
    };
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

  /**
   * A number of permits that all processes share.
   *
   * @throws ConfigurationError
   */
  semaphore(name: string, options: SemaphoreOptions): Semaphore {
    return new Semaphore(name, options, this.#semaphores, this.shared.semaphores);
  }

  /** A lock that many may hold for reading, or one for writing. */
  readWriteLock(name: string): ReadWriteLock {
    return new ReadWriteLock(name, this.#sides);
  }

  /** Makes this process a candidate for the leadership of this name, until it is stopped or the application ends. */
  elect(name: string, options: ElectionOptions = {}): Election {
    const acquire = (call: LockCallOptions) => this.acquire(`election:${name}`, call);
    const election = new Election(name, options, acquire, this.process.events, () =>
      this.#elections.delete(election),
    );
    this.#elections.add(election);
    return election;
  }

  /**
   * A gate that opens when so many have counted down.
   *
   * @throws ConfigurationError
   */
  latch(name: string, options: LatchOptions): Latch {
    return new Latch(name, options, this.shared.latches, this.process, this.#closing.signal);
  }

  /** Ends all waits and lets holders finish, at most this long. What they still hold then is lost. */
  async close(patienceMs: number): Promise<void> {
    this.#closing.abort();
    for (const election of this.#elections) void election.stop();
    return this.process.close(patienceMs);
  }
}

import { Acquirer } from './acquirer.js';
import { whileHeld, type Work } from './while-held.js';
import type { Holding } from './holding.js';
import { LockNotReplicatedError, LockTimeoutError } from './lock.errors.js';
import { LockSet } from './lock-set.js';
import { Lock } from './lock.js';
import { checkNames, resolveLockOptions, resolveTerms, type LockOptions } from './lock.options.js';
import type { LockProcess } from './lock-process.js';
import { Election, type ElectionOptions } from './election.js';
import { Latch, type LatchOptions } from './latch.js';
import { ReadWriteLock, type ReadWriteSides } from './read-write-lock.js';
import { Semaphore, type SemaphoreOptions } from './semaphore.js';
import { isNotNow } from './not-now.js';
import type { HoldStore } from './stores/hold-store.js';
import type { SharedStores } from './stores/permit-store.js';

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
   * Waits until the lock is held. Several names are acquired one after the other in an order that is the same everywhere,
   * so that two callers never wait for each other, and are held as one.
   *
   * @throws LockTimeoutError after `wait`, LockAbortedError by `signal`, LockNotReplicatedError
   */
  acquire(name: string, options?: LockOptions): Promise<Lock>;
  acquire(names: readonly string[], options?: LockOptions): Promise<LockSet>;
  acquire(names: string | readonly string[], options?: LockOptions): Promise<Lock | LockSet>;
  acquire(target: string | readonly string[], options: LockOptions = {}): Promise<Lock | LockSet> {
    if (typeof target === 'string') return this.#acquireOne(target, options);
    return this.#acquireAll(target, options);
  }

  /** The same with null in place of a `LockTimeoutError`; it does not wait unless `wait` says so. */
  tryAcquire(name: string, options?: LockOptions): Promise<Lock | null>;
  tryAcquire(names: readonly string[], options?: LockOptions): Promise<LockSet | null>;
  async tryAcquire(
    target: string | readonly string[],
    options: LockOptions = {},
  ): Promise<Lock | LockSet | null> {
    try {
      return await this.acquire(target, { wait: 0, ...options });
    } catch (error) {
      // Without an age nobody is known to hold it: Redis did not answer.
      if (error instanceof LockTimeoutError && error.holderAgeMs !== undefined) return null;
      throw error;
    }
  }

  /**
   * Runs `work` while the lock is held, and gives it back.
   *
   * @throws what `work` throws; LockLostError when it was lost before `work` had ended, also when `work` did not notice;
   *   what `acquire` throws.
   */
  withLock<T>(name: string, work: Work<Lock, T>): Promise<T>;
  withLock<T>(name: string, options: LockOptions, work: Work<Lock, T>): Promise<T>;
  withLock<T>(names: readonly string[], work: Work<LockSet, T>): Promise<T>;
  withLock<T>(names: readonly string[], options: LockOptions, work: Work<LockSet, T>): Promise<T>;
  async withLock<T>(
    target: string | readonly string[],
    ...rest: [Work<never, T>] | [LockOptions, Work<never, T>]
  ): Promise<T> {
    const [options, work] = rest.length === 1 ? [{}, rest[0]] : rest;
    const held = await this.acquire(target, options);
    const names = typeof target === 'string' ? [target] : target;
    return whileHeld(held, names, work as Work<Lock | LockSet, T>);
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
    const acquire = (call: LockOptions) => this.acquire(`election:${name}`, call);
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

  async #acquireOne(name: string, options: LockOptions): Promise<Lock> {
    checkNames(name);
    const terms = resolveTerms(options, this.process.options);
    const { delayMs, minReplicas } = resolveLockOptions(options);
    const { within } = options;
    if (within instanceof Lock && within.name === name) return within.share();
    const holding = await this.#mutex.acquire(name, terms, delayMs);
    if (minReplicas > 0) await this.#replicate(holding, minReplicas);
    return new Lock(this.#mutex, holding);
  }

  async #acquireAll(names: readonly string[], options: LockOptions): Promise<LockSet> {
    checkNames(names);
    const { waitMs } = resolveTerms(options, this.process.options);
    const startedAt = performance.now();
    const locks: Lock[] = [];
    try {
      for (const name of [...new Set(names)].sort()) {
        const wait = Math.max(0, Math.round(waitMs - (performance.now() - startedAt)));
        locks.push(await this.#acquireOne(name, { ...options, wait }));
      }
      for (const lock of locks) lock.check();
    } catch (error) {
      await Promise.allSettled(locks.map((lock) => lock.release()));
      throw error;
    }
    return new LockSet(locks);
  }

  async #replicate(holding: Holding, minReplicas: number): Promise<void> {
    const { name, id, details } = holding;
    const { replicationMs } = this.process.options;
    let confirmedBy = 0;
    try {
      const term = { name, id, leaseMs: details.leaseMs };
      const confirmed = await details.store.replicate(term, minReplicas, replicationMs);
      if (confirmed === undefined) holding.lose('gone');
      else confirmedBy = confirmed;
      holding.check();
      if (confirmedBy >= minReplicas) return;
    } catch (error) {
      await this.#mutex.release(holding);
      if (!isNotNow(error)) throw error;
      throw new LockNotReplicatedError(name, minReplicas, 0, { cause: error });
    }
    await this.#mutex.release(holding);
    throw new LockNotReplicatedError(name, minReplicas, confirmedBy);
  }
}

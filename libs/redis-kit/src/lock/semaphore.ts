import { ConfigurationError } from '../core/redis-kit.error.js';
import type { Acquirer } from './acquirer.js';
import { whileHeld, type Work } from './while-held.js';
import { LockTimeoutError } from './lock.errors.js';
import { Lock } from './lock.js';
import { resolveTerms, type LockCallOptions } from './lock.options.js';
import { permitDetail, type PermitStore } from './stores/permit-store.js';

/** More of them would make every script slow: it adds up the holders. */
const MOST_PERMITS = 100_000;

/** Options of `LockService.semaphore`. */
export interface SemaphoreOptions {
  /** How many permits there are, from 1 to 100,000. */
  readonly permits: number;
}

/** Options of one acquisition. */
export interface PermitCallOptions extends LockCallOptions {
  /** How many permits at once. @default 1 */
  readonly permits?: number | undefined;
}

/**
 * A number of permits that all processes share. Each acquisition is a lease with a fence, as a lock is.
 *
 * Who waits is served in the order in which it came, also before lighter ones that would fit: a heavy request is not passed
 * over for ever.
 */
export class Semaphore {
  readonly #permits: number;

  constructor(
    readonly name: string,
    { permits }: SemaphoreOptions,
    private readonly acquirer: Acquirer,
    private readonly store: PermitStore,
  ) {
    this.#permits = permitsOf('semaphore().permits', permits);
  }

  /**
   * Waits until it holds as many permits as asked for.
   *
   * @throws LockTimeoutError after `wait`, LockAbortedError by `signal`, PermitsExceededError when there are not so many
   */
  async acquire(options: PermitCallOptions = {}): Promise<Lock> {
    const { permits: asked = 1, ...call } = options;
    const terms = resolveTerms(call, this.acquirer.process.options);
    const detail = permitDetail({ limit: this.#permits, weight: permitsOf('permits', asked) });
    return new Lock(this.acquirer, await this.acquirer.acquire(this.name, terms, detail));
  }

  /** The same with null in place of a `LockTimeoutError`; it does not wait unless `wait` says so. */
  async tryAcquire(options: PermitCallOptions = {}): Promise<Lock | null> {
    try {
      return await this.acquire({ wait: 0, ...options });
    } catch (error) {
      if (error instanceof LockTimeoutError && error.holderAgeMs !== undefined) return null;
      throw error;
    }
  }

  /** Runs `work` while it holds. What was lost meanwhile is given back when `work` has ended, not before. */
  async with<T>(options: PermitCallOptions, work: Work<Lock, T>): Promise<T> {
    return whileHeld(await this.acquire(options), [], work);
  }

  /** How many permits are free now; negative after a resize to fewer than are held. */
  async available(): Promise<number> {
    const { limit, used } = await this.store.state(this.name, this.#permits);
    return limit - used;
  }

  /**
   * Changes how many permits there are, for everybody, until it was not used for a week; `null` gives that back to the
   * options. Who holds keeps what it has. Who waits for more than there are now gets a `PermitsExceededError`.
   */
  async resize(permits: number | null): Promise<void> {
    const wanted = permits === null ? undefined : permitsOf('resize(permits)', permits);
    await this.store.resize(this.name, this.#permits, wanted);
  }
}

function permitsOf(path: string, permits: unknown): number {
  if (
    Number.isInteger(permits) &&
    (permits as number) >= 1 &&
    (permits as number) <= MOST_PERMITS
  ) {
    return permits as number;
  }
  const expected = `a whole number from 1 to ${MOST_PERMITS}`;
  throw new ConfigurationError([{ path, given: String(permits), expected }]);
}

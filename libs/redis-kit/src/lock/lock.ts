import type { Acquirer } from './acquirer.js';
import type { Duration } from '../core/duration.js';
import type { Holding } from './holding.js';
import { LockNotHeldError } from './lock.errors.js';
import { within } from './lock.options.js';
import { isNotNow } from './not-now.js';

/**
 * Something that is held: a lease with a fence.
 *
 * It promises that nobody else is *granted* it while it can be trusted. It does not promise that this process stops in
 * time: give `fence` to what it guards, which then refuses a late writer, or call `check()` before each write.
 */
export class Lock implements AsyncDisposable {
  #released: Promise<boolean> | undefined;

  constructor(
    private readonly acquirer: Acquirer,
    private readonly holding: Holding,
  ) {}

  get name(): string {
    return this.holding.name;
  }

  /** Greater than that of everybody who held it before, also when its key was lost in between. */
  get fence(): number {
    return this.holding.fence;
  }

  /** Aborts, with a `LockLostError`, the moment it can no longer be trusted. */
  get signal(): AbortSignal {
    return this.holding.signal;
  }

  /** Milliseconds for which it can be trusted without another renewal; 0 when it was lost or released. */
  remaining(): number {
    return this.#released ? 0 : this.holding.remaining();
  }

  /**
   * Throws when it can no longer be trusted. Unlike `signal` it is right at once after a stall of the event loop.
   *
   * @throws LockLostError, LockNotHeldError
   */
  check(): void {
    if (this.#released) throw new LockNotHeldError(this.name);
    this.holding.check();
  }

  /**
   * Makes the lease last at least this much longer from now on; never shorter.
   *
   * @throws LockLostError, LockNotHeldError
   */
  async extend(duration: Duration): Promise<void> {
    const leaseMs = within('extend(duration)', duration, 1, '7d');
    const { name, id, details } = this.holding;
    for (;;) {
      this.check();
      const sentAt = performance.now();
      try {
        const [answer = 'gone'] = await details.store.renew([{ name, id, leaseMs }]);
        if (answer === 'renewed') return this.holding.trust(sentAt, leaseMs);
        this.holding.lose(answer);
      } catch (error) {
        if (!isNotNow(error)) throw error;
        this.holding.failed(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Gives it back. Answers whether it was held until now; calling it again changes nothing. */
  release(): Promise<boolean> {
    return (this.#released ??= this.#release());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /**
   * Another handle on the same holding, which ends when all handles are released.
   *
   * @throws LockLostError, LockNotHeldError
   */
  share(): Lock {
    this.check();
    this.holding.handles += 1;
    return new Lock(this.acquirer, this.holding);
  }

  /** Ends this handle without giving anything back: what it held goes on as something else. */
  protected end(): void {
    this.#released = Promise.resolve(true);
    this.holding.handles = 0;
  }

  #release(): Promise<boolean> {
    this.holding.handles -= 1;
    if (this.holding.handles > 0) return Promise.resolve(!this.holding.lost);
    return this.acquirer.release(this.holding);
  }
}

const RETRY_MS = 50;

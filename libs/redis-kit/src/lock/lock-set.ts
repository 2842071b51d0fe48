import type { Duration } from '../core/duration.js';
import type { Lock } from './lock.js';

/** Several locks that are held together, as one handle. */
export class LockSet implements AsyncDisposable {
  readonly names: readonly string[];
  /** The fence of each lock, by name: what is guarded by one of them checks the fence of that one. */
  readonly fences: ReadonlyMap<string, number>;
  #signal: AbortSignal | undefined;

  /** @param locks in the order in which they were acquired. */
  constructor(private readonly locks: readonly Lock[]) {
    this.names = locks.map(({ name }) => name);
    this.fences = new Map(locks.map(({ name, fence }) => [name, fence]));
  }

  /** Aborts, with a `LockLostError`, the moment one of them can no longer be trusted. */
  get signal(): AbortSignal {
    return (this.#signal ??= AbortSignal.any(this.locks.map(({ signal }) => signal)));
  }

  /** Milliseconds for which all of them can be trusted. */
  remaining(): number {
    return Math.min(...this.locks.map((lock) => lock.remaining()));
  }

  /** @throws LockLostError, LockNotHeldError when one of them can no longer be trusted. */
  check(): void {
    for (const lock of this.locks) lock.check();
  }

  /** Makes each lease last at least this much longer from now on. */
  async extend(duration: Duration): Promise<void> {
    await Promise.all(this.locks.map((lock) => lock.extend(duration)));
  }

  /** Gives all of them back. Answers whether all were held until now. */
  async release(): Promise<boolean> {
    const released = await Promise.all(this.locks.map((lock) => lock.release()));
    return released.every(Boolean);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * A value for everything that a piece of work starts, found again by `get()` however deep in its asynchronous calls.
 *
 * The same as an `AsyncLocalStorage`, but one that is switched off while nobody is inside: up to Node 22 a storage that
 * was entered once makes every promise of the process several times dearer, for good.
 */
export class ScopedContext<T> {
  readonly #storage = new AsyncLocalStorage<T>();
  #inside = 0;

  get(): T | undefined {
    return this.#storage.getStore();
  }

  /** Runs `work`, and everything it starts until what it returns has settled, with this value. */
  run<R>(value: T, work: () => R): R {
    this.#inside += 1;
    let result: R;
    try {
      result = this.#storage.run(value, work);
    } catch (error) {
      this.#leave();
      throw error;
    }
    if (isThenable(result)) result.then(this.#leave, this.#leave);
    else this.#leave();
    return result;
  }

  readonly #leave = (): void => {
    this.#inside -= 1;
    if (this.#inside === 0) this.#storage.disable();
  };
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';

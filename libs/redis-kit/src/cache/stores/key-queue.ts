/** Lets the work on one key wait for the work on the same key before it; different keys do not wait for each other. */
export class KeyQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Keys that are worked on. */
  get size(): number {
    return this.#last.size;
  }

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(key) ?? Promise.resolve()).then(work);
    const settled: Promise<void> = done.then(
      () => this.#leave(key, settled),
      () => this.#leave(key, settled),
    );
    this.#last.set(key, settled);
    return done;
  }

  #leave(key: string, settled: Promise<unknown>): void {
    if (this.#last.get(key) === settled) this.#last.delete(key);
  }
}

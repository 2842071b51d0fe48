import { deferred, type Deferred } from '../core/deferred.js';

/**
 * How long the first id of a batch waits for the others. Those that another process is loading never come, so the batch
 * must not wait for all of them.
 */
const WINDOW_MS = 10;

/**
 * Loads together what is asked for one by one, once everything has been asked for that will be, or after a moment.
 *
 * An id is loaded only after it was asked for: its place in the cache is taken by then, and an invalidation from there on
 * is noticed.
 */
export class LoadBatch<Id, T> {
  #waiting = new Map<Id, Deferred<T | undefined>>();
  #timer: NodeJS.Timeout | undefined;

  /** @param expected how many ids may yet be asked for, or turn out not to be needed. */
  constructor(
    private readonly loadMany: (ids: readonly Id[]) => Promise<ReadonlyMap<Id, T>>,
    private expected: number,
  ) {}

  load(id: Id): Promise<T | undefined> {
    const answer = deferred<T | undefined>();
    this.#waiting.set(id, answer);
    this.#timer ??= setTimeout(() => this.#flush(), WINDOW_MS);
    this.settle();
    return answer.promise;
  }

  /** One id less to wait for. */
  settle(): void {
    this.expected -= 1;
    if (this.expected <= 0) this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const batch = this.#waiting;
    this.#waiting = new Map();
    void this.#run(batch);
  }

  async #run(batch: ReadonlyMap<Id, Deferred<T | undefined>>): Promise<void> {
    try {
      const loaded = await this.loadMany([...batch.keys()]);
      for (const [id, answer] of batch) answer.resolve(loaded.get(id));
    } catch (error) {
      for (const answer of batch.values()) answer.reject(error);
    }
  }
}

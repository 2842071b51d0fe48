import type { Waiter } from './waiter.js';

/** Most waits are over before; a timer made and cleared for each would cost more than the rest of what is done for it. */
const LOOK_EVERY_MS = 250;

/** Sees to it that every wait ends in time. Only those that last get a timer of their own. */
export class Deadlines {
  readonly #young = new Set<Waiter>();
  #timer: NodeJS.Timeout | undefined;

  watch(waiter: Waiter): void {
    const { waitMs } = waiter.terms;
    // One that does not wait ends with the answer.
    if (waitMs === 0) return;
    if (waitMs <= 2 * LOOK_EVERY_MS) return waiter.watch();
    this.#young.add(waiter);
    this.#timer ??= setTimeout(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  forget(waiter: Waiter): void {
    this.#young.delete(waiter);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#young.clear();
  }

  #look(): void {
    this.#timer = undefined;
    for (const waiter of this.#young) waiter.watch();
    this.#young.clear();
  }
}

import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { EventHandler } from './event-handler.js';

/** Entries of one read of the history: few enough that a server is not held up. */
const LARGEST_PAGE = 200;
const LOOK_AGAIN_MS = 10;
/** A handler that takes nothing for so long does not hold up the others: what it cannot take falls out of its queue. */
const PATIENCE_MS = 10_000;

/** Lets what is read from the history through to handlers no faster than their queues can take it. */
export class HandlerRoom {
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly handlers: ReadonlySet<EventHandler>) {}

  get page(): number {
    return Math.min(LARGEST_PAGE, ...[...this.handlers].map(({ limit }) => limit));
  }

  /** Resolves when all handlers have room for so many events, in the order of the calls. */
  wait(events: number): Promise<void> {
    const waited = this.#turn.then(() => this.#untilFree(events));
    // What was let through is in the queues before the next one looks.
    this.#turn = waited.then(() => nextTurn());
    return waited;
  }

  async #untilFree(events: number): Promise<void> {
    const givesUpAt = performance.now() + PATIENCE_MS;
    while ([...this.handlers].some(({ room, limit }) => room < Math.min(events, limit))) {
      if (performance.now() > givesUpAt) return;
      await pause(LOOK_AGAIN_MS, undefined, { ref: false });
    }
  }
}

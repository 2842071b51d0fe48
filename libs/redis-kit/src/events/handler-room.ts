import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { EventHandler } from './event-handler.js';

/** Entries of one read of the history: few enough that a server is not held up. */
const LARGEST_PAGE = 200;
const LOOK_AGAIN_MS = 10;
/** A handler that gets nothing done for so long does not hold up the others any more: what it cannot take falls out. */
const PATIENCE_MS = 10_000;

/** Lets what is read from the history through to handlers no faster than their queues can take it. */
export class HandlerRoom {
  #turn: Promise<unknown> = Promise.resolve();
  /** Handlers that nobody waits for, with what they had done when they were given up: until they do more. */
  readonly #givenUp = new WeakMap<EventHandler, number>();

  constructor(
    private readonly handlers: ReadonlySet<EventHandler>,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

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
    const seen = new Map<EventHandler, { done: number; at: number }>();
    for (;;) {
      const full = [...this.handlers].filter((handler) => this.#isWaitedFor(handler, events));
      if (full.length === 0) return;
      const now = performance.now();
      for (const handler of full) {
        const before = seen.get(handler);
        if (before?.done !== handler.done) seen.set(handler, { done: handler.done, at: now });
        else if (now - before.at > this.patienceMs) this.#givenUp.set(handler, handler.done);
      }
      await pause(LOOK_AGAIN_MS, undefined, { ref: false });
    }
  }

  #isWaitedFor(handler: EventHandler, events: number): boolean {
    if (handler.room >= Math.min(events, handler.limit)) return false;
    return this.#givenUp.get(handler) !== handler.done;
  }
}

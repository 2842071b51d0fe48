import { trustedUntil } from './holding.js';
import type { LockProcess } from './lock-process.js';
import type { HoldStore, TouchAnswer } from './stores/hold-store.js';
import type { Waiter } from './waiter.js';

/** So many ids one touch asks about. */
const MOST_TOGETHER = 500;
const RETRY_MS = 50;

export interface WaitingRoomDuties {
  /** The server had granted it, and the message was missed; `leftMs` of the grant were left. */
  found(waiter: Waiter, fence: number, until: number, leftMs: number): void;
  /** The server does not know it: its queue was evicted or flushed, or it was taken for dead. */
  forgotten(waiter: Waiter): void;
}

/** Those of this process who wait for one name. */
interface Queue {
  readonly name: string;
  readonly waiters: Set<Waiter>;
  timer: NodeJS.Timeout | undefined;
  dueAt: number;
  isTouching: boolean;
}

/**
 * Everybody in this process who waits for what one store keeps. For each name it has one timer: it tells the server that
 * this process is alive, and finds out what a lost message, a dead waiter or a dead holder would otherwise hide.
 */
export class WaitingRoom {
  readonly #queues = new Map<string, Queue>();

  constructor(
    private readonly store: HoldStore,
    private readonly process: LockProcess,
    private readonly duties: WaitingRoomDuties,
  ) {
    process.onMissed(() => {
      for (const queue of this.#queues.values()) this.#schedule(queue, 0);
    });
  }

  isWaitedFor(name: string): boolean {
    return this.#queues.has(name);
  }

  enter(waiter: Waiter): void {
    let queue = this.#queues.get(waiter.name);
    if (!queue) {
      const { name } = waiter;
      queue = { name, waiters: new Set(), timer: undefined, dueAt: Infinity, isTouching: false };
      this.#queues.set(name, queue);
    }
    queue.waiters.add(waiter);
    this.#schedule(queue, this.process.options.heartbeatMs);
  }

  leave(waiter: Waiter): void {
    const queue = this.#queues.get(waiter.name);
    if (!queue?.waiters.delete(waiter) || queue.waiters.size > 0) return;
    clearTimeout(queue.timer);
    this.#queues.delete(waiter.name);
  }

  /** It is free in so many milliseconds, unless it is renewed: then it is worth a look. */
  lookAgain(name: string, freeInMs: number): void {
    const queue = this.#queues.get(name);
    if (queue) this.#schedule(queue, Math.min(this.process.options.heartbeatMs, freeInMs + 1));
  }

  #schedule(queue: Queue, inMs: number): void {
    const dueAt = performance.now() + inMs;
    if (queue.isTouching || queue.dueAt <= dueAt) return;
    clearTimeout(queue.timer);
    queue.dueAt = dueAt;
    queue.timer = setTimeout(() => void this.#touch(queue), inMs);
  }

  async #touch(queue: Queue): Promise<void> {
    queue.isTouching = true;
    const waiting = [...queue.waiters].filter(({ isQueued, isAsking }) => isQueued && !isAsking);
    let nextInMs = this.process.options.heartbeatMs;
    try {
      for (let i = 0; i < waiting.length; i += MOST_TOGETHER) {
        const some = waiting
          .slice(i, i + MOST_TOGETHER)
          .map((waiter) => ({ waiter, id: waiter.id }));
        const sentAt = performance.now();
        const ids = some.map(({ id }) => id);
        const answer = await this.store.touch(queue.name, ids);
        nextInMs = Math.min(nextInMs, answer.freeInMs + 1);
        some.forEach(({ waiter, id }, at) => {
          // Not of those who asked, won or gave up meanwhile.
          if (waiter.id !== id || waiter.isAsking || waiter.isSettled) return;
          this.#apply(waiter, answer.standings[at] ?? -1, answer, sentAt);
        });
      }
    } catch (error) {
      for (const waiter of waiting) waiter.failure = error;
      nextInMs = RETRY_MS;
    }
    queue.isTouching = false;
    queue.dueAt = Infinity;
    if (queue.waiters.size > 0) this.#schedule(queue, nextInMs);
  }

  #apply(waiter: Waiter, standing: number, answer: TouchAnswer, sentAt: number): void {
    const { leaseLeftMs, holderAgeMs } = answer;
    waiter.failure = undefined;
    if (standing > 0) {
      this.duties.found(waiter, standing, trustedUntil(sentAt, leaseLeftMs), leaseLeftMs);
    } else if (standing < 0) {
      this.duties.forgotten(waiter);
    } else {
      waiter.waitingSince = sentAt;
      waiter.holderAgeMs = holderAgeMs;
    }
  }
}

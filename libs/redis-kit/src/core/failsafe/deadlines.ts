import { DeadlineExceededError } from '../redis-kit.error.js';
import { LONGEST_TIMER_MS, STALL_MS } from './deadline.js';

interface Wait {
  /** On the monotonic clock of this process. */
  since: number;
  isSecond: boolean;
  expire(): void;
}

/**
 * `withDeadline` for whoever waits thousands of times a second. Nearly all waits end long before their deadline, so those
 * of the same length share one timer that is set once, instead of setting and clearing one each.
 */
export class Deadlines {
  readonly #queues = new Map<number, WaitQueue>();
  #isDisposed = false;

  /** Settles with `work`, or rejects with `DeadlineExceededError`; stalls of this process count as for `withDeadline`. */
  wait<T>(operation: string, deadlineMs: number, work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const queue = this.#queueOf(Math.min(Math.ceil(deadlineMs), LONGEST_TIMER_MS));
      const wait: Wait = {
        since: performance.now(),
        isSecond: false,
        expire: () => reject(new DeadlineExceededError(operation, Math.ceil(deadlineMs))),
      };
      queue.add(wait);
      work.then(
        (value) => {
          queue.remove(wait);
          resolve(value);
        },
        (error: unknown) => {
          queue.remove(wait);
          reject(error as Error);
        },
      );
    });
  }

  /** Waits that have begun still end in time; after the last of them no timer is left. */
  dispose(): void {
    this.#isDisposed = true;
    for (const queue of this.#queues.values()) queue.rest(true);
  }

  #queueOf(ms: number): WaitQueue {
    let queue = this.#queues.get(ms);
    if (!queue) {
      queue = new WaitQueue(ms, () => this.#queues.delete(ms));
      if (this.#isDisposed) queue.rest(true);
      this.#queues.set(ms, queue);
    }
    return queue;
  }
}

/** Waits of one length, which end in the order they began. */
class WaitQueue {
  readonly #waits = new Set<Wait>();
  #timer: NodeJS.Timeout | undefined;
  #keepsTimer = true;

  constructor(
    private readonly ms: number,
    private readonly onIdle: () => void,
  ) {}

  add(wait: Wait): void {
    this.#waits.add(wait);
    if (!this.#timer) this.#setTimer(this.ms);
    else if (this.#waits.size === 1) this.#timer.ref();
  }

  remove(wait: Wait): void {
    if (this.#waits.delete(wait) && this.#waits.size === 0) this.rest(!this.#keepsTimer);
  }

  /** Nothing waits: the timer stays for those that follow, but keeps no process alive. */
  rest(forGood: boolean): void {
    this.#keepsTimer = !forGood;
    if (this.#waits.size > 0) return;
    if (!forGood) this.#timer?.unref();
    else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  #setTimer(ms: number): void {
    this.#timer = setTimeout(() => {
      const firedAt = performance.now();
      // One more poll of the event loop: replies may already wait in the socket.
      setImmediate(() => this.#judge(firedAt));
    }, ms);
  }

  #judge(firedAt: number): void {
    this.#timer = undefined;
    for (const wait of this.#waits) {
      const lateMs = firedAt - wait.since - this.ms;
      if (lateMs < 0) {
        // A timer that fires a little early is set again, for a whole millisecond.
        this.#setTimer(Math.ceil(-lateMs));
        return;
      }
      this.#waits.delete(wait);
      if (lateMs > STALL_MS && !wait.isSecond) {
        // It begins anew, once, behind all others.
        wait.isSecond = true;
        wait.since = performance.now();
        this.#waits.add(wait);
      } else wait.expire();
    }
    this.onIdle();
  }
}

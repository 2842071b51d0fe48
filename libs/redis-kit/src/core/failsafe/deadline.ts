import { DeadlineExceededError } from '../redis-kit.error.js';

/** The longest time a timer of Node counts; a longer one would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A timer that fires this late was held up by this process, which could not have heard an answer meanwhile. */
export const STALL_MS = 50;

/**
 * Settles with `work`, or rejects with `DeadlineExceededError` after `deadlineMs`. The work is not cancelled.
 *
 * A stall of this process is not blamed on the other side. The event loop gets one more poll before the verdict, because
 * the timer is handled before the replies that already wait in the socket. After a long stall the wait begins anew,
 * once: what was asked just before it may not even have been sent.
 */
export function withDeadline<T>(
  operation: string,
  deadlineMs: number,
  work: Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout;
    let verdict: NodeJS.Immediate | undefined;
    const timerMs = Math.min(deadlineMs, LONGEST_TIMER_MS);
    const wait = (canBegin: boolean) => {
      const startedAt = performance.now();
      timer = setTimeout(() => {
        const wasStalled = performance.now() - startedAt > timerMs + STALL_MS;
        if (wasStalled && canBegin) wait(false);
        else verdict = setImmediate(expire);
      }, timerMs);
    };
    const expire = () => reject(new DeadlineExceededError(operation, Math.ceil(deadlineMs)));
    const settle = () => {
      clearTimeout(timer);
      clearImmediate(verdict);
    };
    wait(true);
    work.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error as Error);
      },
    );
  });
}

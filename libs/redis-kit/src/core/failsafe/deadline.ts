import { DeadlineExceededError } from '../redis-kit.error.js';

/** The longest time a timer of Node counts; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Settles with `work`, or rejects with `DeadlineExceededError` after `deadlineMs`. The work is not cancelled.
 *
 * When the deadline fires the event loop gets one more poll before the verdict: after a stall of this process the timer
 * is handled before the replies that are already waiting in the socket, and a healthy Redis would be blamed for it.
 */
export function withDeadline<T>(
  operation: string,
  deadlineMs: number,
  work: Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let verdict: NodeJS.Immediate | undefined;
    const timer = setTimeout(
      () => {
        verdict = setImmediate(() =>
          reject(new DeadlineExceededError(operation, Math.ceil(deadlineMs))),
        );
      },
      Math.min(deadlineMs, LONGEST_TIMER_MS),
    );
    const settle = () => {
      clearTimeout(timer);
      clearImmediate(verdict);
    };
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

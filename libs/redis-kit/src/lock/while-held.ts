import { runHolding } from './held-by-caller.js';
import type { LockSet } from './lock-set.js';
import type { Lock } from './lock.js';

export type Work<Held, T> = (held: Held) => T | Promise<T>;

/** Runs `work` while something is held, and gives it back. `names`: what must not be waited for in it. What was lost is not to look like work that was done under it. */
export async function whileHeld<Held extends Lock | LockSet, T>(
  held: Held,
  names: readonly string[],
  work: Work<Held, T>,
): Promise<T> {
  let result: T;
  try {
    result = await runHolding(names, () => work(held));
    held.check();
  } finally {
    await held.release();
  }
  held.signal.throwIfAborted();
  return result;
}

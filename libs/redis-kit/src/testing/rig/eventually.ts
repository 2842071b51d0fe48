import { setTimeout as delay } from 'node:timers/promises';
import { RigError } from './rig.errors.js';

export interface EventuallyOptions {
  /** Milliseconds until it gives up. @default 10000 */
  within?: number;
  /** Milliseconds between the end of an attempt and the next one. @default 20 */
  every?: number;
}

/**
 * Repeats `assertion` until it holds, and returns what it returned. It does not hold while it throws, rejects or
 * returns `false`.
 *
 * @throws RigError `NOT_IN_TIME` with the last failure as `cause`, also when an attempt never settles.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { within = 10_000, every = 20 }: EventuallyOptions = {},
): Promise<Exclude<T, false>> {
  const deadline = performance.now() + within;
  const givenUp = new AbortController();
  const timeUp = delay(within, 'time is up' as const, { signal: givenUp.signal }).catch(
    () => 'time is up' as const,
  );
  let attempts = 0;
  let lastFailure: unknown = new Error('the first attempt did not settle');
  try {
    for (;;) {
      attempts += 1;
      const outcome = await Promise.race([attempt(assertion), timeUp]);
      if (outcome === 'time is up') break;
      if ('value' in outcome) return outcome.value;
      lastFailure = outcome.failure;
      if (performance.now() + every > deadline) break;
      await delay(every);
    }
  } finally {
    givenUp.abort();
  }
  throw new RigError(
    'NOT_IN_TIME',
    `Did not hold within ${within} ms (${attempts} attempts); last failure: ${describe(lastFailure)}`,
    { cause: lastFailure },
  );
}

type Outcome<T> = { value: Exclude<T, false> } | { failure: unknown };

async function attempt<T>(assertion: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    const value = await assertion();
    if (value === false) return { failure: new Error('the assertion returned false') };
    return { value: value as Exclude<T, false> };
  } catch (failure) {
    return { failure };
  }
}

function describe(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

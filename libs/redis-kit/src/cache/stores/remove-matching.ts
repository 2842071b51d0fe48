import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import { withDeadline } from '../../core/failsafe/deadline.js';
import { RedisUnavailableError } from '../../core/redis-kit.error.js';
import type { RemovalListener } from './cache-store.js';

/** Keys one SCAN looks at: a fraction of a millisecond of the server's time, in which nobody else is served. */
const KEYS_PER_SCAN = 1_000;

/** Every key that matches a glob, on one master after the other. */
export async function* keysMatching(
  connection: RedisConnection,
  glob: string,
  deadlineMs: number,
): AsyncGenerator<readonly string[]> {
  for (const master of await mastersOf(connection, deadlineMs)) {
    yield* scan(master, glob, deadlineMs);
  }
}

/**
 * Removes every key that matches a glob, on all masters at the same time, in steps that leave others their turn.
 *
 * Every key that is there from the beginning to the end is removed: SCAN returns it at least once.
 *
 * @throws when a step failed or was not answered within `deadlineMs`; what was removed until then is.
 */
export async function removeMatching(
  connection: RedisConnection,
  glob: string,
  deadlineMs: number,
  onStep: RemovalListener,
): Promise<number> {
  const masters = await mastersOf(connection, deadlineMs);
  let removed = 0;
  /** A failure on one master ends the work on the others. */
  const failing = new AbortController();

  const removeFrom = async (master: Redis): Promise<void> => {
    for await (const keys of scan(master, glob, deadlineMs)) {
      if (keys.length > 0) {
        // One key a command: each lives in a slot of its own, and the driver follows those that are moving.
        const replies = await connection.required('cache.remove', deadlineMs, (client) =>
          Promise.all(keys.map((key) => client.unlink(key))),
        );
        removed += replies.reduce((sum, reply) => sum + reply, 0);
      }
      onStep(removed);
      if (failing.signal.aborted) return;
    }
  };

  const ends = await Promise.allSettled(
    masters.map((master) =>
      removeFrom(master).catch((error: unknown) => {
        failing.abort();
        throw error;
      }),
    ),
  );
  const failure = ends.find((end) => end.status === 'rejected');
  if (!failure) return removed;
  throw failure.reason;
}

async function mastersOf(
  connection: RedisConnection,
  deadlineMs: number,
): Promise<readonly Redis[]> {
  // A connection that nobody has used yet knows no masters, and finding nothing there would look like success.
  await connection.ping(deadlineMs);
  const masters = connection.masters();
  if (masters.length > 0) return masters;
  throw new RedisUnavailableError(`${connection.description}: no master is known`);
}

async function* scan(
  master: Redis,
  glob: string,
  deadlineMs: number,
): AsyncGenerator<readonly string[]> {
  let cursor = '0';
  do {
    const step = master.scan(cursor, 'MATCH', glob, 'COUNT', KEYS_PER_SCAN);
    const [next, keys] = await withDeadline('cache.scan', deadlineMs, step);
    yield keys;
    cursor = next;
  } while (cursor !== '0');
}

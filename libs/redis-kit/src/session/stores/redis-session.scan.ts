import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { KeySpace } from '../../core/key-space.js';
import type { SessionPlace } from '../session-id.js';
import { sessionEpochKey, sessionKey } from '../session.keys.js';
import { parseRecord } from './session-record.js';
import type { StoredSession } from './session-vault.js';

/** Keys that are looked at in one step. */
const SCAN_COUNT = 500;

/** Keys of a pattern, of every master in turn: a client of a Cluster would ask one node, and each time another. */
async function* keysOf(
  connection: RedisConnection,
  pattern: string,
): AsyncGenerator<readonly [master: Redis, keys: string[]]> {
  for (const master of connection.masters()) {
    let cursor = '0';
    do {
      const [next, keys] = await master.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
      cursor = next;
      if (keys.length > 0) yield [master, keys];
    } while (cursor !== '0');
  }
}

export async function* scanSessions(
  connection: RedisConnection,
  keySpace: KeySpace,
): AsyncGenerator<{ place: SessionPlace; session: StoredSession }> {
  const shape = /:\{([ug][\w-]{16})\}:s:([\w-]{12})$/;
  const seen = new Set<string>();
  for await (const [master, keys] of keysOf(connection, `${keySpace.prefix('session')}:{*}:s:*`)) {
    const places = keys.flatMap((key) => {
      const [, tag, handle] = shape.exec(key) ?? [];
      // SCAN may answer a key twice.
      if (handle === undefined || seen.has(key)) return [];
      seen.add(key);
      return [{ tag: tag!, handle }];
    });
    const pipeline = master.pipeline();
    for (const place of places) {
      pipeline.mget(sessionKey(keySpace, place), sessionEpochKey(keySpace, place.tag));
    }
    const replies = (await pipeline.exec()) ?? [];
    for (const [at, place] of places.entries()) {
      const [error, values] = replies[at] ?? [];
      // A slot that is on its way to another node: that one is asked too.
      if (error || !values) continue;
      const [record = null, epoch = null] = values as (string | null)[];
      yield { place, session: parseRecord(record, epoch, null) };
    }
  }
}

export async function clearSessions(connection: RedisConnection, keySpace: KeySpace) {
  for await (const [master, keys] of keysOf(connection, `${keySpace.prefix('session')}:{*}:*`)) {
    const pipeline = master.pipeline();
    // One key a command: they are of different slots.
    for (const key of keys) pipeline.unlink(key);
    await pipeline.exec();
  }
}

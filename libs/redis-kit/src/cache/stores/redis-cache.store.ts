import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import { UNAVAILABLE, type Budget } from '../../core/failsafe/failsafe.js';
import { runScript } from '../../core/scripts/script-runner.js';
import { removeEntry, replaceEntry } from '../cache.scripts.js';
import { CacheStore, type Answer } from './cache-store.js';

/** Hears of every step that Redis failed at. */
export type StoreFailureListener = (operation: string, key: string, error: unknown) => void;

/** Entries and tokens in Redis, one key each, through the fast-failing connection. */
export class RedisCacheStore extends CacheStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly onFailure: StoreFailureListener,
  ) {
    super();
  }

  read(keys: readonly string[], budget: Budget): Answer<(Buffer | null)[]> {
    if (keys.length > 1 && this.connection.topology === 'cluster') {
      return this.#readFromMasters(keys, budget);
    }
    return this.#guarded('cache.read', keys[0]!, budget, async (client) =>
      keys.length === 1 ? [await client.getBuffer(keys[0]!)] : client.mgetBuffer(...keys),
    );
  }

  write(key: string, bytes: Buffer, ttlMs: number, budget: Budget): Answer<void> {
    return this.#guarded('cache.write', key, budget, async (client) => {
      await client.set(key, bytes, 'PX', ttlMs);
    });
  }

  create(key: string, bytes: Buffer, ttlMs: number, budget: Budget): Answer<Buffer | null> {
    return this.#guarded('cache.create', key, budget, (client) =>
      client.setBuffer(key, bytes, 'PX', ttlMs, 'NX', 'GET'),
    );
  }

  replace(
    key: string,
    header: Buffer,
    bytes: Buffer,
    ttlMs: number,
    budget: Budget,
  ): Answer<boolean> {
    return this.#guarded('cache.replace', key, budget, (client) =>
      runScript(client, replaceEntry, { entry: key }, { header, bytes, ttlMs }),
    );
  }

  removeExactly(key: string, header: Buffer, budget: Budget): Answer<boolean> {
    return this.#guarded('cache.release', key, budget, (client) =>
      runScript(client, removeEntry, { entry: key }, { header }),
    );
  }

  extend(key: string, ttlMs: number, budget: Budget): Answer<void> {
    return this.#guarded('cache.extend', key, budget, async (client) => {
      await client.pexpire(key, ttlMs, 'GT');
    });
  }

  life(key: string, budget: Budget): Answer<number> {
    return this.#guarded('cache.life', key, budget, (client) => client.pttl(key));
  }

  async put(key: string, bytes: Buffer, ttlMs: number, deadlineMs: number): Promise<void> {
    await this.connection.required('cache.put', deadlineMs, (client) =>
      client.set(key, bytes, 'PX', ttlMs),
    );
  }

  async remove(key: string, deadlineMs: number): Promise<boolean> {
    const removed = await this.connection.required('cache.remove', deadlineMs, (client) =>
      client.unlink(key),
    );
    return removed === 1;
  }

  /** The keys live on several masters, each with a circuit of its own. GETs of one tick leave in one write per master. */
  async #readFromMasters(keys: readonly string[], budget: Budget): Answer<(Buffer | null)[]> {
    const values: (Buffer | null)[] = [];
    const answers = keys.map((key) =>
      this.#guarded('cache.read', key, budget, (client) => client.getBuffer(key)),
    );
    for (const answer of await Promise.all(answers)) {
      if (answer === UNAVAILABLE) return UNAVAILABLE;
      values.push(answer);
    }
    return values;
  }

  #guarded<T>(
    operation: string,
    key: string,
    budget: Budget,
    work: (client: Redis) => Promise<T>,
  ): Answer<T> {
    return this.connection.guarded(operation, key, budget, work, (error) =>
      this.onFailure(operation, key, error),
    );
  }
}

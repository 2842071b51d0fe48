import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { Budget } from '../../core/failsafe/failsafe.js';
import { withDeadline } from '../../core/failsafe/deadline.js';
import { runScript } from '../../core/scripts/script-runner.js';
import { fillEntry, releaseLease } from '../cache.scripts.js';
import type { Lease } from '../entry.js';
import { CacheStore, type Answer } from './cache-store.js';

/** Hears of every step that Redis failed at. */
export type StoreFailureListener = (operation: string, key: string, error: unknown) => void;

/** Entries in Redis, one key each, through the fast-failing connection. */
export class RedisCacheStore extends CacheStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly onFailure: StoreFailureListener,
  ) {
    super();
  }

  read(key: string, budget: Budget): Answer<Buffer | null> {
    return this.#guarded('cache.read', key, budget, (client) => client.getBuffer(key));
  }

  async write(key: string, entry: Buffer, ttlMs: number, budget: Budget): Answer<void> {
    return this.#guarded('cache.write', key, budget, async (client) => {
      await client.set(key, entry, 'PX', ttlMs);
    });
  }

  plant(key: string, lease: Lease, ttlMs: number, budget: Budget): Answer<Buffer | null> {
    return this.#guarded('cache.plant', key, budget, (client) =>
      client.setBuffer(key, lease, 'PX', ttlMs, 'NX', 'GET'),
    );
  }

  fill(key: string, lease: Lease, entry: Buffer, ttlMs: number, budget: Budget): Answer<boolean> {
    return this.#guarded('cache.fill', key, budget, (client) =>
      runScript(client, fillEntry, { entry: key }, { lease, value: entry, ttlMs }),
    );
  }

  release(key: string, lease: Lease, budget: Budget): Answer<boolean> {
    return this.#guarded('cache.release', key, budget, (client) =>
      runScript(client, releaseLease, { entry: key }, { lease }),
    );
  }

  async remove(key: string, deadlineMs: number): Promise<boolean> {
    const removed = (this.connection.cache as Redis).unlink(key);
    return (await withDeadline('cache.remove', deadlineMs, removed)) === 1;
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

import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import { UNAVAILABLE, type Budget } from '../../core/failsafe/failsafe.js';
import { runScript } from '../../core/scripts/script-runner.js';
import { serverClockOf } from '../../core/server-clock.js';
import { expireEntry, removeEntry, replaceEntry } from '../cache.scripts.js';
import { createToken } from '../entry.js';
import {
  CacheStore,
  type Answer,
  type Answers,
  type RemovalListener,
  type StoreCommand,
} from './cache-store.js';
import { keysMatching, removeMatching } from './remove-matching.js';

/** Keys on their way at the same time: enough that round trips do not count, few enough to be answered in good time. */
const KEYS_AT_ONCE = 500;

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

  async remove(keys: readonly string[], deadlineMs: number): Promise<boolean> {
    const removed = await this.connection.required('cache.remove', deadlineMs, (client) =>
      client.unlink(...keys),
    );
    return removed > 0;
  }

  expire(key: string, deadlineMs: number): Promise<boolean> {
    return this.connection.required('cache.expire', deadlineMs, (client) =>
      runScript(client, expireEntry, { entry: key }, { id: createToken() }),
    );
  }

  now(budget: Budget): Answer<number> {
    return serverClockOf(this.connection).now(budget);
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

  keys(glob: string, deadlineMs: number): AsyncIterable<readonly string[]> {
    return keysMatching(this.connection, glob, deadlineMs);
  }

  removeMatching(glob: string, deadlineMs: number, onStep: RemovalListener): Promise<number> {
    return removeMatching(this.connection, glob, deadlineMs, onStep);
  }

  override async readMany(keys: readonly string[], budget: Budget): Answers<Buffer | null> {
    if (this.connection.topology === 'cluster') {
      const asked = keys.map((key) => ({ key }));
      return this.#each('cache.read', asked, budget, (client, { key }) => client.getBuffer(key));
    }
    const answers: (Buffer | null | typeof UNAVAILABLE)[] = [];
    for (const chunk of chunksOf(keys)) {
      const read = await this.read(chunk, budget);
      answers.push(...(read === UNAVAILABLE ? chunk.map((): typeof UNAVAILABLE => read) : read));
    }
    return answers;
  }

  override batch(commands: readonly StoreCommand[], budget: Budget): Answers<boolean> {
    return this.#each('cache.batch', commands, budget, send);
  }

  /**
   * One command for each item, many in one tick, so that they travel as one pipeline per server; and one guard per server:
   * a hung one costs its own keys, and counts as one failure.
   */
  async #each<I extends { readonly key: string }, T>(
    operation: string,
    items: readonly I[],
    budget: Budget,
    command: (client: Redis, item: I) => Promise<T>,
  ): Answers<T> {
    const answers = items.map((): T | typeof UNAVAILABLE => UNAVAILABLE);
    const byServer = new Map<string, number[]>();
    for (const [i, { key }] of items.entries()) {
      const server = this.connection.serverOf(key);
      const indexes = byServer.get(server);
      if (indexes) indexes.push(i);
      else byServer.set(server, [i]);
    }
    await Promise.all(
      [...byServer.values()].map((indexes) =>
        this.#guarded(operation, items[indexes[0]!]!.key, budget, async (client) => {
          for (const chunk of chunksOf(indexes)) {
            const settled = await Promise.allSettled(
              chunk.map(async (i) => {
                answers[i] = await command(client, items[i]!);
              }),
            );
            // Those that were answered count; the first failure stands for the others of this server.
            const failure = settled.find((one) => one.status === 'rejected');
            if (failure) throw failure.reason;
          }
        }),
      ),
    );
    // A copy: what arrives after the deadline must not change what the caller was told.
    return [...answers];
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

async function send(client: Redis, command: StoreCommand): Promise<boolean> {
  const { key } = command;
  switch (command.type) {
    case 'create':
      return (await client.set(key, command.bytes, 'PX', command.ttlMs, 'NX')) === 'OK';
    case 'write':
      return (await client.set(key, command.bytes, 'PX', command.ttlMs)) === 'OK';
    case 'replace':
      return runScript(
        client,
        replaceEntry,
        { entry: key },
        { header: command.header, bytes: command.bytes, ttlMs: command.ttlMs },
      );
  }
}

function chunksOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += KEYS_AT_ONCE) {
    chunks.push(items.slice(at, at + KEYS_AT_ONCE));
  }
  return chunks;
}

import type { Redis } from 'ioredis';
import type { RedisKitEvents } from '../events.js';
import { withDeadline } from '../failsafe/deadline.js';
import { DeadlineExceededError, RedisUnavailableError } from '../redis-kit.error.js';
import type { Address } from './connection-url.js';
import { dropClient } from './guard-client.js';

/** What a server may take beyond the block time it was given before its link counts as dead. */
const GRACE_MS = 1_000;

export interface BlockingConnectionOptions {
  readonly connection: string;
  readonly events: RedisKitEvents;
  /** Opens a link to the server that holds the key read here; `moved` is where it said the key went. */
  readonly open: (moved?: Address) => Redis;
}

/**
 * A link of its own for one reader of blocking commands (`XREADGROUP … BLOCK`, `BLPOP`).
 *
 * On a half-open link such a command waits for ever, and the driver's own option answers "no messages" instead of
 * telling. Here a watchdog drops the link when nothing came within the block time and a grace of one second.
 */
export class BlockingConnection {
  #client: Redis | undefined;
  #moved: Address | undefined;
  #closed = false;

  constructor(private readonly options: BlockingConnectionOptions) {}

  /**
   * Runs one blocking command, given the time it asks the server to block. `0`, block for ever, is refused.
   *
   * @throws RedisUnavailableError when the link is lost, silent or closed; the next call opens a new one.
   */
  async run<T>(blockMs: number, command: (client: Redis) => Promise<T>): Promise<T> {
    if (!(blockMs > 0)) {
      throw new RangeError(`A blocking command needs a block time above 0 ms, got ${blockMs}`);
    }
    const client = await this.#ready();
    try {
      return await withDeadline('blocking command', blockMs + GRACE_MS, command(client));
    } catch (error) {
      throw this.#explain(error, blockMs);
    }
  }

  /** Drops the link, which ends a command in flight. The next `run` opens a new one. */
  interrupt(): void {
    if (this.#client) dropClient(this.#client);
    this.#client = undefined;
  }

  /** Drops the link for good. */
  close(): void {
    this.#closed = true;
    this.interrupt();
  }

  async #ready(): Promise<Redis> {
    if (this.#closed) throw new RedisUnavailableError('The blocking connection is closed');
    if (this.#client?.status === 'ready') return this.#client;
    if (this.#client) dropClient(this.#client);
    const client = this.options.open(this.#moved);
    this.#moved = undefined;
    this.#client = client;
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      dropClient(client);
      throw new RedisUnavailableError('The blocking connection could not be opened', {
        cause: error,
      });
    }
    return client;
  }

  #explain(error: unknown, blockMs: number): unknown {
    const message = error instanceof Error ? error.message : '';
    if (error instanceof DeadlineExceededError) {
      const { connection, events } = this.options;
      events.emit('blocking.stalled', { connection, silentMs: blockMs + GRACE_MS });
      this.interrupt();
      return new RedisUnavailableError('The blocking connection went silent', { cause: error });
    }
    const moved = /^MOVED \d+ (.+):(\d+)$/.exec(message);
    if (moved) {
      this.interrupt();
      this.#moved = { host: moved[1]!, port: Number(moved[2]) };
      return new RedisUnavailableError('The key moved to another node', { cause: error });
    }
    if (this.#client?.status !== 'ready') {
      this.interrupt();
      return new RedisUnavailableError('The blocking connection was lost', { cause: error });
    }
    return error;
  }
}

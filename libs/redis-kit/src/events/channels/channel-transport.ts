import type { RedisConnection } from '../../core/connections/redis-connection.js';

export interface AddressListener {
  onMessage(message: Buffer): void;
  /** Messages may be missing. */
  onResumed(): void;
}

export interface Listened {
  /** Resolves when nothing that is sent from now on goes past. */
  readonly ready: Promise<void>;
  close(): void;
}

/** How messages get to the processes that listen at an address. */
export abstract class ChannelTransport {
  abstract send(address: string, message: Buffer): Promise<void>;
  abstract listen(address: string, listener: AddressListener): Listened;
}

/** Through sharded channels of Redis: one command per message, however many members a group has. */
export class RedisChannelTransport extends ChannelTransport {
  constructor(
    private readonly connection: RedisConnection,
    private readonly deadlineMs: number,
  ) {
    super();
  }

  async send(address: string, message: Buffer): Promise<void> {
    await this.connection.required('send', this.deadlineMs, (client) =>
      client.spublish(address, message),
    );
  }

  listen(address: string, listener: AddressListener): Listened {
    return this.connection.shardSubscriber.subscribe(address, listener);
  }
}

/** Within this process. */
export class MemoryChannelTransport extends ChannelTransport {
  readonly #listeners = new Map<string, Set<AddressListener>>();

  async send(address: string, message: Buffer): Promise<void> {
    for (const listener of [...(this.#listeners.get(address) ?? [])]) listener.onMessage(message);
  }

  listen(address: string, listener: AddressListener): Listened {
    const listeners = this.#listeners.get(address) ?? new Set();
    this.#listeners.set(address, listeners.add(listener));
    const close = () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(address) === listeners) {
        this.#listeners.delete(address);
      }
    };
    return { ready: Promise.resolve(), close };
  }
}

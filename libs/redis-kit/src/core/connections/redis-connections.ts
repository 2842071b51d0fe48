import { Logger } from '@nestjs/common';
import { toMs } from '../duration.js';
import type { RedisKitEvents } from '../events.js';
import { ConfigurationError, RedisUnavailableError } from '../redis-kit.error.js';
import { safeMessage } from '../redact.js';
import type { ResolvedConnectionOptions } from './connection.options.js';
import { RedisConnection } from './redis-connection.js';

/** What happens at boot: connect and go on without Redis, connect on first use, or refuse to start without Redis. */
export type ConnectPolicy = 'eager' | 'lazy' | 'require';

export interface RedisConnectionsOptions {
  readonly namespace: string;
  readonly connect: ConnectPolicy;
  readonly connections: ReadonlyMap<string, ResolvedConnectionOptions>;
}

/** Longest wait for the first connection at boot, beyond the connection's own connect timeout. */
const BOOT_GRACE_MS = toMs('2s');

/** Owns every named connection of one application. */
export class RedisConnections {
  readonly #logger = new Logger('RedisKit');
  readonly #connections = new Map<string, RedisConnection>();
  readonly #stopLogging: (() => void)[];

  constructor(
    private readonly options: RedisConnectionsOptions,
    events: RedisKitEvents,
  ) {
    for (const [name, resolved] of options.connections) {
      this.#connections.set(
        name,
        new RedisConnection({ name, namespace: options.namespace, options: resolved, events }),
      );
    }
    this.#stopLogging = this.#logTransitions(events);
  }

  get names(): string[] {
    return [...this.#connections.keys()];
  }

  /**
   * The connection of this name.
   *
   * @throws ConfigurationError when there is none.
   */
  get(name = 'default'): RedisConnection {
    const connection = this.#connections.get(name);
    if (!connection) {
      throw new ConfigurationError(
        `There is no Redis connection '${name}'. Known: ${this.names.join(', ')}. ` +
          `Add it to 'connections' of RedisKitModule.forRoot().`,
      );
    }
    return connection;
  }

  /** Connects as the policy says. */
  async open(): Promise<void> {
    if (this.options.connect === 'lazy') return;
    const attempts = [...this.#connections].map(async ([name, connection]) => {
      const { connectTimeoutMs } = this.options.connections.get(name)!;
      try {
        await connection.connect(connectTimeoutMs + BOOT_GRACE_MS);
      } catch (error) {
        const reason = `Redis connection '${name}' (${connection.description}) is not ready: ${safeMessage(error)}`;
        if (this.options.connect === 'require') {
          throw new RedisUnavailableError(
            `${reason}. The application is configured not to start without it`,
            {
              cause: error,
            },
          );
        }
        this.#logger.warn(`${reason}. The application starts without it and goes on trying`);
      }
    });
    const results = await Promise.allSettled(attempts);
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) {
      await this.close(0);
      throw failure.reason;
    }
  }

  /** Closes every connection the suite opened. Never rejects, and ends within the deadline. */
  async close(deadlineMs: number): Promise<void> {
    await Promise.all(
      [...this.#connections.values()].map((connection) => connection.close(deadlineMs)),
    );
    for (const stop of this.#stopLogging) stop();
  }

  /** One line when a connection goes, and one when it is back, however many attempts lie between. */
  #logTransitions(events: RedisKitEvents): (() => void)[] {
    const down = new Set<string>();
    const label = (event: { connection: string; role: string }) =>
      `${event.connection}/${event.role}`;
    return [
      events.on('connection.failed', (event) => {
        if (down.has(label(event))) return;
        down.add(label(event));
        this.#logger.warn(`Redis connection ${label(event)} failed: ${event.message}`);
      }),
      events.on('connection.lost', (event) => {
        if (down.has(label(event))) return;
        down.add(label(event));
        this.#logger.warn(`Redis connection ${label(event)} was lost; reconnecting`);
      }),
      events.on('connection.ready', (event) => {
        if (down.delete(label(event))) this.#logger.log(`Redis connection ${label(event)} is back`);
      }),
    ];
  }
}

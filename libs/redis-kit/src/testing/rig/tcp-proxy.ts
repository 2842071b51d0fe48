import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ProxiedConnection, type LinkConditions } from './proxied-connection.js';
import type { ServerAddress } from './rig-client.js';
import { RigError } from './rig.errors.js';

export interface TcpProxyOptions extends ServerAddress {
  /** The port of 127.0.0.1 to listen on. @default any free one */
  listenPort?: number;
}

/** `requests` flow to the server, `replies` to the client. */
export type ProxyDirection = 'requests' | 'replies' | 'both';

export interface LossOptions {
  /**
   * Only the connections open now lose what is sent: new ones work. So it looks after a route changed, or a NAT
   * forgot them: half-open, silent, never closed. @default false
   */
  existingOnly?: boolean;
}

export interface CutOptions {
  /** New connections are refused (nothing listens on the port) until `heal`. @default false */
  refuse?: boolean;
}

const HEALTHY: LinkConditions = {
  requests: { delayMs: 0, bytesPerSecond: Infinity, loses: false },
  replies: { delayMs: 0, bytesPerSecond: Infinity, loses: false },
};

/**
 * Forwards TCP to a server and misbehaves on demand. A condition applies at once to open and to new connections,
 * to bytes under way as well; conditions add up until `heal`. Back-pressure passes through.
 */
export class TcpProxy implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #target: ServerAddress;
  readonly #connections = new Set<ProxiedConnection>();
  #listener: Server | undefined;
  #conditions = HEALTHY;

  static async start({ host, port, listenPort = 0 }: TcpProxyOptions): Promise<TcpProxy> {
    return new TcpProxy({ host, port }, await listen(listenPort));
  }

  private constructor(target: ServerAddress, listener: Server) {
    this.#target = target;
    this.port = (listener.address() as AddressInfo).port;
    this.#serve(listener);
  }

  /** `redis://127.0.0.1:port` */
  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  /** Connections whose client side is open. */
  get connections(): number {
    return [...this.#connections].filter((connection) => connection.clientIsOpen).length;
  }

  /** Every byte arrives `ms` later than it would, in each of the directions. */
  delay(ms: number, direction: ProxyDirection = 'both'): void {
    assertNonNegative('delay', ms);
    this.#change(direction, { delayMs: ms });
  }

  /** Bytes pass no faster than this, per connection and direction. */
  limitBandwidth(bytesPerSecond: number, direction: ProxyDirection = 'both'): void {
    if (!(bytesPerSecond > 0)) {
      throw new RigError('INVALID_OPTION', `limitBandwidth: ${bytesPerSecond} is not > 0`);
    }
    this.#change(direction, { bytesPerSecond });
  }

  /** Nothing passes in either direction and nothing is closed: the peer looks alive and never answers. */
  blackhole(options: LossOptions = {}): void {
    this.#lose('both', options);
  }

  /** Requests reach the server, which executes them; replies are lost. */
  dropReplies(options: LossOptions = {}): void {
    this.#lose('replies', options);
  }

  /** Resets all open connections, on both sides. */
  async cut({ refuse = false }: CutOptions = {}): Promise<void> {
    const refusing = refuse ? this.#stopListening() : undefined;
    for (const connection of this.#connections) connection.reset();
    await refusing;
  }

  /**
   * Back to plain forwarding. Connections that lost bytes are reset: a stream with a hole in it would give a client
   * the reply of another command, which TCP never does.
   */
  async heal(): Promise<void> {
    this.#conditions = HEALTHY;
    for (const connection of this.#connections) connection.heal(HEALTHY);
    if (this.#listener === undefined) {
      this.#serve(await listen(this.port));
    }
  }

  async stop(): Promise<void> {
    await this.cut({ refuse: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #serve(listener: Server): void {
    this.#listener = listener;
    listener.on('connection', (client: Socket) => {
      const connection = new ProxiedConnection(client, this.#target, this.#conditions);
      this.#connections.add(connection);
      void connection.closed.then(() => this.#connections.delete(connection));
    });
  }

  /** The port is free when all connections are closed as well. */
  async #stopListening(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await new Promise<void>((resolve) => {
      if (listener === undefined) resolve();
      else listener.close(() => resolve());
    });
  }

  #lose(direction: ProxyDirection, { existingOnly = false }: LossOptions): void {
    if (existingOnly) {
      for (const connection of this.#connections) {
        connection.apply(changed(connection.conditions, direction, { loses: true }));
      }
    } else {
      this.#change(direction, { loses: true });
    }
  }

  #change(direction: ProxyDirection, change: Partial<LinkConditions['requests']>): void {
    this.#conditions = changed(this.#conditions, direction, change);
    for (const connection of this.#connections) {
      connection.apply(changed(connection.conditions, direction, change));
    }
  }
}

async function listen(port: number): Promise<Server> {
  // Half-open: what one side still has under way must arrive after the other has ended.
  const listener = createServer({ allowHalfOpen: true });
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  listener.unref();
  return listener;
}

function changed(
  conditions: LinkConditions,
  direction: ProxyDirection,
  change: Partial<LinkConditions['requests']>,
): LinkConditions {
  const { requests, replies } = conditions;
  return {
    requests: direction === 'replies' ? requests : { ...requests, ...change },
    replies: direction === 'requests' ? replies : { ...replies, ...change },
  };
}

function assertNonNegative(method: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new RigError('INVALID_OPTION', `${method}: ${value} is not a number >= 0`);
  }
}

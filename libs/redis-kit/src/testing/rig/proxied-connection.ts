import { connect, type Socket } from 'node:net';
import { ProxyLane, type LaneConditions } from './proxy-lane.js';
import type { ServerAddress } from './rig-client.js';

export interface LinkConditions {
  readonly requests: LaneConditions;
  readonly replies: LaneConditions;
}

/** One client of a `TcpProxy` with its connection to the server: two lanes, one per direction. */
export class ProxiedConnection {
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #requests: ProxyLane;
  readonly #replies: ProxyLane;
  #conditions: LinkConditions;

  constructor(client: Socket, target: ServerAddress, conditions: LinkConditions) {
    this.#conditions = conditions;
    this.#client = client;
    this.#server = connect({ ...target, allowHalfOpen: true });
    client.setNoDelay(true);
    this.#server.setNoDelay(true);
    this.#requests = new ProxyLane(client, this.#server, conditions.requests);
    this.#replies = new ProxyLane(this.#server, client, conditions.replies);
    this.#propagateFailure(client, this.#requests, this.#server);
    this.#propagateFailure(this.#server, this.#replies, client);
    this.closed = Promise.all([closing(client), closing(this.#server)]).then(() => undefined);
  }

  get clientIsOpen(): boolean {
    return !this.#client.destroyed && !this.#client.readableEnded;
  }

  get conditions(): LinkConditions {
    return this.#conditions;
  }

  apply(conditions: LinkConditions): void {
    this.#conditions = conditions;
    this.#requests.apply(conditions.requests);
    this.#replies.apply(conditions.replies);
  }

  heal(conditions: LinkConditions): void {
    if (this.#requests.lostSomething || this.#replies.lostSomething) this.reset();
    else this.apply(conditions);
  }

  reset(): void {
    abort(this.#client);
    abort(this.#server);
  }

  /** A reset on one side resets the other, unless news of it are among the things that get lost. */
  #propagateFailure(socket: Socket, outgoing: ProxyLane, peer: Socket): void {
    socket.on('error', () => undefined);
    socket.once('close', (failed) => {
      if (!failed) return;
      if (outgoing.loses) outgoing.noteLoss();
      else abort(peer);
    });
  }
}

/**
 * RST. `resetAndDestroy` would wait for a socket that is still connecting, and never close one with a FIN under way
 * (libuv refuses with EINVAL); neither has a peer that could tell the difference.
 */
function abort(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

async function closing(socket: Socket): Promise<void> {
  await new Promise((resolve) => socket.once('close', resolve));
}

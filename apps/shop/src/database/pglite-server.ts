import { createServer, type Server, type Socket } from 'node:net';
import type { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketHandler, type PGLiteSocketHandlerOptions } from '@electric-sql/pglite-socket';
import { TurnQueue } from './turn-queue.js';

/** Only processes of this machine: the protocol of PGlite asks for no password. */
const host = '127.0.0.1';
const idleInTurnLimitMs = 15_000;

/**
 * Serves an embedded database to other processes over PostgreSQL's protocol.
 *
 * While it serves, everybody goes through it, the owning process included: a query made on the PGlite object itself
 * would run in the middle of some client's transaction.
 */
export class PgliteServer {
  readonly #server: Server;
  readonly #handlers = new Map<number, PGLiteSocketHandler>();
  readonly #queue: TurnQueue;

  private constructor(pglite: PGlite) {
    this.#queue = new TurnQueue(
      pglite,
      idleInTurnLimitMs,
      (client) => void this.#handlers.get(client)?.detach(true),
    );
    this.#server = createServer((socket) => void this.#accept(socket));
  }

  /** @param port 0 lets the system choose; see {@link url} */
  static async start(pglite: PGlite, port: number): Promise<PgliteServer> {
    const served = new PgliteServer(pglite);
    await new Promise<void>((resolve, reject) => {
      served.#server.once('error', reject);
      served.#server.listen(port, host, resolve);
    });
    return served;
  }

  /** What to give to another process as `DATABASE_URL`. */
  get url(): string {
    const address = this.#server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    return `postgres://postgres@${host}:${port}/postgres`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await Promise.all([...this.#handlers.values()].map((handler) => handler.detach(true)));
    this.#queue.close();
    await closed;
  }

  async #accept(socket: Socket): Promise<void> {
    const handler = new PGLiteSocketHandler({
      // The handler uses three methods of its queue; the class of the package has private fields that no other can have.
      queryQueue: this.#queue as unknown as PGLiteSocketHandlerOptions['queryQueue'],
      closeOnDetach: true,
    });
    this.#handlers.set(handler.handlerId, handler);
    const forget = (): unknown => this.#handlers.delete(handler.handlerId);
    handler.addEventListener('close', forget);
    handler.addEventListener('error', forget);
    await handler.attach(socket);
  }
}

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { RedisServer } from 'nestjs-redis-kit/testing';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** What the client sent, and the server has not been given yet. */
  held: Buffer[] | undefined;
}

/** A way to a server on which what was sent over old links can arrive after their client has gone, and others have come. */
export class LateLink {
  readonly #links = new Set<Link>();

  private constructor(private readonly listener: Server) {}

  static async start({ host, port }: RedisServer): Promise<LateLink> {
    const listener = createServer();
    const late = new LateLink(listener);
    listener.on('connection', (client) => late.#join(client, connect({ host, port })));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return late;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** From now on nothing arrives that is sent over a link that is open. */
  hold(): void {
    for (const link of this.#links) link.held = [];
  }

  /** Has all that was held arrive; resolves when the server has answered it, to nobody. */
  async letGo(): Promise<void> {
    const withRequests = [...this.#links].filter(({ held }) => held && held.length > 0);
    await Promise.all(
      withRequests.map(async ({ server, held }) => {
        const answered = once(server, 'data');
        server.write(Buffer.concat(held!));
        await answered;
      }),
    );
  }

  async stop(): Promise<void> {
    for (const { client, server } of this.#links) {
      client.destroy();
      server.destroy();
    }
    this.listener.close();
    await once(this.listener, 'close');
  }

  #join(client: Socket, server: Socket): void {
    const link: Link = { client, server, held: undefined };
    this.#links.add(link);
    client.on('data', (bytes) => {
      if (link.held) link.held.push(bytes);
      else server.write(bytes);
    });
    server.on('data', (bytes) => client.writable && client.write(bytes));
    for (const socket of [client, server]) socket.on('error', () => undefined);
    client.on('close', () => {
      if (!link.held) server.destroy();
    });
    server.on('close', () => client.destroy());
  }
}

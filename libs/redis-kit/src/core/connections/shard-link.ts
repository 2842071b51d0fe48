import type { Redis } from 'ioredis';
import { dropClient } from './guard-client.js';
import { probeWhenSilent } from './silence-probe.js';
import { SupervisedLink } from './supervised-link.js';

export interface ShardLinkDuties {
  open(): Redis;
  /** Confirms the channels of the link, and sets its `client` when none is left. */
  establish(client: Redis): Promise<void>;
  onMessage(channel: string, message: Buffer): void;
  /** The server stopped sending messages of some channels: their slots are elsewhere now. */
  onMoved(): void;
  onReplaced(replaced: { reason: string; downMs: number }): void;
}

/** The link to one master through which its sharded channels are heard. */
export class ShardLink {
  /** The connection, while its channels are confirmed. */
  client: Redis | undefined;
  readonly #link: SupervisedLink;

  constructor(
    readonly master: string,
    duties: ShardLinkDuties,
  ) {
    const down = () => (this.client = undefined);
    this.#link = new SupervisedLink({
      open: () => duties.open(),
      establish: async (client) => {
        client.on('smessageBuffer', (channel: Buffer, message: Buffer) =>
          duties.onMessage(channel.toString(), message),
        );
        client.on('moved', () => duties.onMoved());
        await duties.establish(client);
      },
      onUp: (_, replaced) => {
        if (replaced) duties.onReplaced(replaced);
      },
      watch: (client, pause) => probeWhenSilent(client, pause, ['smessageBuffer']),
      onDown: down,
      onFailed: down,
    });
  }

  /** Drops the connection, so that it is made anew. */
  drop(client: Redis): void {
    dropClient(client);
  }

  async close(): Promise<void> {
    this.client = undefined;
    await this.#link.close();
  }
}

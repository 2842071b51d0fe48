import type { ClusterMember } from './cluster-formation.js';

const KEYS_PER_MIGRATE = 100;
const MIGRATE_TIMEOUT_MS = 5_000;

/**
 * The move of a slot to another master, in the three steps an operator's tool takes. Between `begin` and `finish`
 * the old owner answers for the keys it still has and sends clients to the new one (ASK) for the others.
 */
export class SlotMigration {
  readonly slot: number;
  readonly #from: ClusterMember;
  readonly #to: ClusterMember;
  readonly #masters: ClusterMember[];

  constructor(slot: number, from: ClusterMember, to: ClusterMember, masters: ClusterMember[]) {
    this.slot = slot;
    this.#from = from;
    this.#to = to;
    this.#masters = masters;
  }

  async begin(): Promise<void> {
    await this.#to.server.call('CLUSTER', 'SETSLOT', this.slot, 'IMPORTING', this.#from.id);
    await this.#from.server.call('CLUSTER', 'SETSLOT', this.slot, 'MIGRATING', this.#to.id);
  }

  /** Moves the keys the slot has now, with their expiries, and returns how many those were. */
  async moveKeys(): Promise<number> {
    const { host, port, password } = this.#to.server;
    const credentials = password === undefined ? [] : ['AUTH', password];
    for (let moved = 0; ;) {
      const keys = (await this.#from.server.call(
        'CLUSTER',
        'GETKEYSINSLOT',
        this.slot,
        KEYS_PER_MIGRATE,
      )) as string[];
      if (keys.length === 0) return moved;
      await this.#from.server.call(
        'MIGRATE',
        host,
        port,
        '',
        0,
        MIGRATE_TIMEOUT_MS,
        ...credentials,
        'KEYS',
        ...keys,
      );
      moved += keys.length;
    }
  }

  /** The new owner first: were the old one told first, nobody would own the slot for a moment. */
  async finish(): Promise<void> {
    const others = this.#masters.filter(({ id }) => id !== this.#from.id && id !== this.#to.id);
    for (const { server } of [this.#to, this.#from, ...others]) {
      await server.call('CLUSTER', 'SETSLOT', this.slot, 'NODE', this.#to.id);
    }
  }
}

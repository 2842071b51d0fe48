import calculateSlot from 'cluster-key-slot';
import type { Redis } from 'ioredis';
import { RedisUnavailableError } from '../redis-kit.error.js';
import { createClient, createNodeClient } from './client-factory.js';
import type { ResolvedConnectionOptions } from './connection.options.js';
import type { Address, RedisClient } from './connection-url.js';
import type { ConnectionRole } from './roles.js';

/** Keys tried for one on a given master; with one slot in a thousand there it is still found almost always. */
const KEY_ATTEMPTS = 5_000;

/** Opens plain links to single servers: the only one, or nodes of a Cluster as its client knows them. */
export class NodeLinks {
  constructor(
    private readonly options: ResolvedConnectionOptions,
    private readonly client: () => RedisClient,
    private readonly connectionName: (role: ConnectionRole) => string,
  ) {}

  /** The names of the masters; `''` stands for the only one. */
  masters(): readonly string[] {
    const client = this.client();
    if (!('nodes' in client)) return [''];
    return client.nodes('master').map(({ options }) => nameOf(addressOf(options)));
  }

  /** A link to any node, another one each time: the one that was just lost may be hung rather than gone. */
  openAny(role: ConnectionRole): Redis {
    const client = this.client();
    if (!('nodes' in client)) return this.#openOnly(role);
    const nodes = client.nodes().map(({ options }) => addressOf(options));
    const known = nodes.length > 0 ? nodes : this.#seeds();
    return this.#open(known[Math.floor(Math.random() * known.length)]!, role);
  }

  /** A link to the master that holds `key`, or to where the server said that it went. */
  openOwner(key: string, role: ConnectionRole, moved?: Address): Redis {
    const client = this.client();
    if (!('nodes' in client)) return this.#openOnly(role);
    const owner = parseName(client.slots[calculateSlot(key)]?.[0]);
    return this.#open(moved ?? owner ?? this.#seeds()[0]!, role);
  }

  /** A link to the master of this name. */
  openMaster(master: string, role: ConnectionRole): Redis {
    const address = parseName(master);
    return address ? this.#open(address, role) : this.#openOnly(role);
  }

  /** The name of the master that has `key`; undefined while the Cluster has not said where it is. */
  ownerOf(key: string): string | undefined {
    const client = this.client();
    return 'nodes' in client ? client.slots[calculateSlot(key)]?.[0] : '';
  }

  /** Asks a Cluster where its slots are now. */
  refresh(): void {
    const client = this.client();
    if (!('nodes' in client)) return;
    if (client.status === 'wait') client.connect().catch(() => undefined);
    else client.refreshSlotsCache();
  }

  /** The first of the keys made from 0, 1, 2… that lives on this master; undefined when none does. */
  keyOn(master: string, make: (i: number) => string): string | undefined {
    const client = this.client();
    if (!('nodes' in client)) return make(0);
    for (let i = 0; i < KEY_ATTEMPTS; i++) {
      const key = make(i);
      if (client.slots[calculateSlot(key)]?.[0] === master) return key;
    }
    return undefined;
  }

  #openOnly(role: ConnectionRole): Redis {
    return createClient(this.options, role, this.connectionName(role)) as Redis;
  }

  #open(address: Address, role: ConnectionRole): Redis {
    const mapped = this.options.natMap?.[nameOf(address)] ?? address;
    return createNodeClient(this.options, mapped, role, this.connectionName(role));
  }

  #seeds(): readonly Address[] {
    const { target } = this.options;
    if (target.type === 'cluster') return target.nodes;
    throw new RedisUnavailableError('The given Cluster client knows no node yet');
  }
}

const nameOf = ({ host, port }: Address): string => `${host}:${port}`;

function parseName(name: string | undefined): Address | undefined {
  const [, host, port] = /^(.+):(\d+)$/.exec(name ?? '') ?? [];
  return host === undefined ? undefined : { host, port: Number(port) };
}

function addressOf({
  host,
  port,
}: {
  host?: string | undefined;
  port?: number | undefined;
}): Address {
  return { host: host ?? '127.0.0.1', port: port ?? 6379 };
}

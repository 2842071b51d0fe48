import type { Cluster, Redis } from 'ioredis';
import type { RedisServer, ServerAddress } from 'nestjs-redis-kit/testing';

export type TopologyName = 'standalone' | 'sentinel' | 'cluster';

/** How a connection of the library is configured to reach the topology. */
export type TopologyConnection = (
  { url: string } | { sentinels: ServerAddress[]; name: string } | { cluster: ServerAddress[] }
) & { natMap?: Record<string, ServerAddress> };

/**
 * How long a server may be silent before the others replace it. Longer than the rig's defaults: a suite that did not
 * ask for a failover must not get one because the machine was busy for a second.
 */
export const PATIENCE_MS = 5_000;

/** Real servers a suite runs on; usable from `beforeAll` of the suite on, not while it is being described. */
export interface Topology {
  readonly name: TopologyName;
  connectionOptions(): TopologyConnection;
  /** A plain client that follows failovers and comes back after outages; closed after the suite. */
  readonly admin: Redis | Cluster;
  /** The servers that accept writes now. */
  masters(): Promise<RedisServer[]>;
  /** SIGSTOP of every server, Sentinels included. */
  pauseAll(): void;
  /** Undoes `pauseAll`; resolves when the deployment serves all keys again. */
  resumeAll(): Promise<void>;
  /** SIGKILL of every server, Sentinels included. */
  killAll(): Promise<void>;
  /** Undoes `killAll`, without the data; resolves when the deployment serves all keys again. */
  restartAll(): Promise<void>;
  /** Promotes a replica (of the first master); resolves when all members know. Not on standalone. */
  failover?(): Promise<void>;
  /** Moves the slot of a key, with all its keys, to another master. On Cluster only. */
  migrate?(key: string): Promise<void>;
}

/** A topology with its start and end, which belong to `describeTopologies`. */
export interface ManagedTopology extends Topology {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function started<T>(deployment: T | undefined): T {
  if (deployment === undefined) {
    throw new Error(
      'The servers of a topology run from beforeAll to afterAll: use it inside a test or a hook',
    );
  }
  return deployment;
}

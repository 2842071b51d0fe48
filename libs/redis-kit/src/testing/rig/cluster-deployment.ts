import { Cluster } from 'ioredis';
import { dropClient } from '../../core/connections/guard-client.js';
import { checkInteger } from './check-option.js';
import { formCluster } from './cluster-formation.js';
import { ClusterMembers, SETTLED_WITHIN_MS } from './cluster-members.js';
import { serves } from './cluster-view.js';
import { eventually } from './eventually.js';
import { RedisServer } from './redis-server.js';
import { answers, replicationConfig } from './replication.js';
import { RECONNECTING, ignoreConnectionErrors, type ServerAddress } from './rig-client.js';
import { RigError } from './rig.errors.js';
import type { ServerConfig } from './server-config.js';
import { SlotMigration } from './slot-migration.js';
import { startTogether, stopTogether } from './start-together.js';

export interface ClusterDeploymentOptions {
  /** @default 3, the fewest that can vote for a failover */
  masters?: number;
  /** @default 1 */
  replicasPerMaster?: number;
  /** Milliseconds of silence until a node is taken for down (`cluster-node-timeout`). @default 2000 */
  nodeTimeout?: number;
  /** Whether no key is served when a slot is not (`cluster-require-full-coverage`). @default true */
  requireFullCoverage?: boolean;
  /** Further directives of redis.conf for all nodes. */
  config?: ServerConfig;
  /** Path or name of the server program. @default see `findRedisBinary` */
  binary?: string;
}

// The server gives up a manual failover after 5 s.
const MANUAL_FAILOVER_MS = 6_000;

/**
 * A Redis Cluster of real processes, which do not outlive this one. Its servers are there to be killed, paused,
 * resumed and restarted; `settled` waits until the others have coped.
 */
export class ClusterDeployment implements AsyncDisposable {
  readonly #members: ClusterMembers;
  #client: Cluster | undefined;

  /** Resolves when every node reports that all slots are served and all replicas are in sync. */
  static async start({
    masters = 3,
    replicasPerMaster = 1,
    nodeTimeout = 2_000,
    requireFullCoverage = true,
    config = {},
    binary,
  }: ClusterDeploymentOptions = {}): Promise<ClusterDeployment> {
    checkInteger('masters', masters, 1);
    checkInteger('replicasPerMaster', replicasPerMaster, 0);
    checkInteger('nodeTimeout', nodeTimeout, 1);
    const servers = await startTogether(
      Array.from({ length: masters * (1 + replicasPerMaster) }, () =>
        RedisServer.start({
          config: {
            'cluster-enabled': 'yes',
            'cluster-node-timeout': String(nodeTimeout),
            'cluster-require-full-coverage': requireFullCoverage ? 'yes' : 'no',
            // Replicas stay with the master they were given, and may always succeed it.
            'cluster-allow-replica-migration': 'no',
            'cluster-replica-validity-factor': '0',
            ...replicationConfig(config),
            ...config,
          },
          ...(binary === undefined ? {} : { binary }),
        }),
      ),
    );
    try {
      const deployment = new ClusterDeployment(
        new ClusterMembers(await formCluster(servers, masters)),
      );
      await deployment.settled();
      return deployment;
    } catch (error) {
      await stopTogether(servers);
      throw error;
    }
  }

  private constructor(members: ClusterMembers) {
    this.#members = members;
  }

  /** Addresses of all nodes, to be given to a client as seeds. */
  get nodes(): ServerAddress[] {
    return this.servers.map(({ host, port }) => ({ host, port }));
  }

  get servers(): RedisServer[] {
    return this.#members.servers;
  }

  /** A plain client of the cluster, closed by `stop`. */
  client(): Cluster {
    if (this.#client === undefined || this.#client.status === 'end') {
      const password = this.servers[0]?.password;
      const { retryStrategy: _ofStandalone, ...redisOptions } = RECONNECTING;
      this.#client = ignoreConnectionErrors(
        new Cluster(this.nodes, {
          clusterRetryStrategy: () => 50,
          slotsRefreshInterval: 1_000,
          redisOptions: {
            ...redisOptions,
            connectTimeout: 1_000,
            ...(password === undefined ? {} : { password }),
          },
        }),
      );
    }
    return this.#client;
  }

  /**
   * The masters that own slots, also while they are down and not yet succeeded.
   *
   * @throws RigError `NOT_IN_TIME` when the nodes do not come to agree.
   */
  async masters(): Promise<RedisServer[]> {
    const view = await this.#members.agreement();
    return view.filter(({ slots }) => slots.length > 0).map((node) => this.#members.serverOf(node));
  }

  /** The replicas of `master`, running or not. */
  async replicasOf(master: RedisServer): Promise<RedisServer[]> {
    const { id } = this.#members.of(master);
    const view = await this.#members.agreement();
    return view
      .filter(({ masterId }) => masterId === id)
      .map((node) => this.#members.serverOf(node));
  }

  /** The master that owns `slot`. */
  async masterOf(slot: number): Promise<RedisServer> {
    const owner = (await this.#members.agreement()).find((node) => serves(node, slot));
    if (owner === undefined) throw new RigError('NOT_A_MEMBER', `Nobody owns slot ${slot}`);
    return this.#members.serverOf(owner);
  }

  async slotOf(key: string): Promise<number> {
    return Number(await this.#members.any().call('CLUSTER', 'KEYSLOT', key));
  }

  /** The master that owns the slot of `key`. */
  async nodeForKey(key: string): Promise<RedisServer> {
    return await this.masterOf(await this.slotOf(key));
  }

  /**
   * Promotes a replica of the given master, or the given replica; resolves with the new master when every node
   * knows it. Without loss of data when the old master answers, by vote of the others when it does not.
   */
  async failover(node: RedisServer): Promise<RedisServer> {
    this.#members.of(node);
    const master = (await this.masters()).includes(node) ? node : undefined;
    const replica = master === undefined ? node : (await this.replicasOf(master)).find(answers);
    if (replica === undefined) {
      throw new RigError('NOT_RUNNING', `No replica of ${node.url} is running`);
    }
    const force = master !== undefined && !answers(master) ? ['FORCE'] : [];
    await eventually(
      async () => {
        const isPromoted = async () => (await replica.info('replication'))['role'] === 'master';
        if (await isPromoted()) return;
        await replica.call('CLUSTER', 'FAILOVER', ...force);
        await eventually(isPromoted, { within: MANUAL_FAILOVER_MS });
      },
      { within: SETTLED_WITHIN_MS },
    );
    await this.settled();
    return replica;
  }

  /** Moves a slot with its keys; resolves when every node knows the new owner. */
  async migrateSlot(slot: number, to: RedisServer): Promise<void> {
    const migration = await this.beginMigration(slot, to);
    await migration.moveKeys();
    await migration.finish();
    await eventually(async () => (await this.masterOf(slot)) === to, { within: SETTLED_WITHIN_MS });
    await this.settled();
  }

  /** Leaves a slot half-way between two masters, until the caller moves the keys and finishes. */
  async beginMigration(slot: number, to: RedisServer): Promise<SlotMigration> {
    const masters = (await this.masters()).map((server) => this.#members.of(server));
    const from = this.#members.of(await this.masterOf(slot));
    const target = masters.find(({ server }) => server === to);
    if (target === undefined) {
      throw new RigError('NOT_A_MEMBER', `${to.url} is no master of this cluster`);
    }
    const migration = new SlotMigration(slot, from, target, masters);
    await migration.begin();
    return migration;
  }

  /** SIGSTOP of all nodes that run. */
  pauseAll(): void {
    for (const server of this.servers) if (server.running) server.pause();
  }

  /** SIGKILL of all nodes. */
  async killAll(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
  }

  /**
   * Resumes what is paused, restarts what is dead, gives up migrations left half-way, and resolves when the cluster
   * has settled.
   */
  async restoreAll(): Promise<void> {
    for (const server of this.servers) if (server.paused) server.resume();
    const dead = this.servers.filter(({ running }) => !running);
    await Promise.all(dead.map((server) => server.restart()));
    await this.#members.closeOpenSlots();
    await this.settled();
  }

  /**
   * Resolves when all nodes that run agree, report `cluster_state:ok`, own all slots between them, and replicate.
   *
   * @throws RigError `NOT_IN_TIME` after 30 s
   */
  async settled(): Promise<void> {
    await this.#members.settled();
  }

  /** Closes the client, ends all nodes and removes their directories. */
  async stop(): Promise<void> {
    if (this.#client) dropClient(this.#client);
    await stopTogether(this.servers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

import { SLOTS, type ClusterMember } from './cluster-formation.js';
import { assignment, parseClusterNodes, slotCount, type ClusterNodeView } from './cluster-view.js';
import { eventually } from './eventually.js';
import type { RedisServer } from './redis-server.js';
import { answers, assertReplicates } from './replication.js';
import { RigError } from './rig.errors.js';

// An automatic failover takes the node timeout, an election and gossip; a busy machine may miss an election or two.
export const SETTLED_WITHIN_MS = 30_000;

/** The nodes of a cluster, and what they say together. */
export class ClusterMembers {
  readonly #members: ClusterMember[];

  constructor(members: ClusterMember[]) {
    this.#members = members;
  }

  get servers(): RedisServer[] {
    return this.#members.map(({ server }) => server);
  }

  /** @throws RigError `NOT_A_MEMBER` */
  of(server: RedisServer): ClusterMember {
    const member = this.#members.find((one) => one.server === server);
    if (member === undefined) {
      throw new RigError('NOT_A_MEMBER', `${server.url} is no node of this cluster`);
    }
    return member;
  }

  serverOf({ id }: ClusterNodeView): RedisServer {
    return this.#serverById(id);
  }

  /** A node that answers. */
  any(): RedisServer {
    const server = this.servers.find(answers);
    if (server === undefined)
      throw new RigError('NOT_RUNNING', 'No node of the cluster is running');
    return server;
  }

  /** Who has which slots and who replicates whom, according to all nodes that answer. */
  async agreement(): Promise<ClusterNodeView[]> {
    const [view] = await eventually(() => this.#agreeingViews(), { within: SETTLED_WITHIN_MS });
    return view;
  }

  async settled(): Promise<void> {
    await eventually(
      async () => {
        const views = await this.#agreeingViews();
        const up = views[0].filter((node) => answers(this.serverOf(node)));
        if (slotCount(up) !== SLOTS) throw new Error(`only ${slotCount(up)} slots are served`);
        const distrusted = views
          .flat()
          .find(({ id, flags }) => up.some((node) => node.id === id) && isTakenForDown(flags));
        if (distrusted !== undefined) throw new Error(`port ${distrusted.port} is taken for down`);
        await Promise.all(up.map((node) => this.#assertReady(node)));
      },
      { within: SETTLED_WITHIN_MS, every: 50 },
    );
  }

  /** Gives up migrations that were left half-way: a node that imports a slot does not hear who else owns it. */
  async closeOpenSlots(): Promise<void> {
    await Promise.all(
      this.servers.filter(answers).map(async (server) => {
        const view = await viewOf(server);
        for (const slot of view.flatMap(({ openSlots }) => openSlots)) {
          await server.call('CLUSTER', 'SETSLOT', slot, 'STABLE');
        }
      }),
    );
  }

  async #agreeingViews(): Promise<[ClusterNodeView[], ...ClusterNodeView[][]]> {
    const views = await Promise.all(this.servers.filter(answers).map(viewOf));
    const [first, ...others] = views;
    if (first === undefined) throw new Error('no node of the cluster is running');
    if (new Set(views.map(assignment)).size > 1) throw new Error('the nodes do not agree yet');
    return [first, ...others];
  }

  async #assertReady({ id, masterId }: ClusterNodeView): Promise<void> {
    const server = this.#serverById(id);
    const state = String(await server.call('CLUSTER', 'INFO'));
    if (!state.startsWith('cluster_state:ok')) throw new Error(`${server.url} is not ok: ${state}`);
    if (masterId !== undefined) await assertReplicates(server, this.#serverById(masterId));
  }

  #serverById(id: string): RedisServer {
    const member = this.#members.find((one) => one.id === id);
    if (member === undefined) throw new Error(`the cluster knows a foreign node, ${id}`);
    return member.server;
  }
}

async function viewOf(server: RedisServer): Promise<ClusterNodeView[]> {
  return parseClusterNodes(String(await server.call('CLUSTER', 'NODES')));
}

function isTakenForDown(flags: Set<string>): boolean {
  return flags.has('fail') || flags.has('fail?');
}

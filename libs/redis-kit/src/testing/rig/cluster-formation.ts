import { parseClusterNodes } from './cluster-view.js';
import { eventually } from './eventually.js';
import type { RedisServer } from './redis-server.js';

export const SLOTS = 16_384;

/** A server of a cluster with the id the cluster knows it by, which outlives its restarts. */
export interface ClusterMember {
  readonly server: RedisServer;
  readonly id: string;
}

const ACQUAINTED_WITHIN_MS = 20_000;

/**
 * Makes a cluster of empty servers: the first `masters` of them share the slots, the others become their replicas
 * in turn. Resolves when the roles are given, which the nodes have yet to hear of.
 */
export async function formCluster(
  servers: RedisServer[],
  masters: number,
): Promise<ClusterMember[]> {
  const members = await Promise.all(
    servers.map(async (server, index) => {
      // Without epochs of their own, nodes that meet would first have to resolve the collision, one by one.
      await server.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      if (index < masters) {
        const [first, last] = [index, index + 1].map((part) =>
          Math.floor((part * SLOTS) / masters),
        );
        await server.call('CLUSTER', 'ADDSLOTSRANGE', first!, last! - 1);
      }
      return { server, id: String(await server.call('CLUSTER', 'MYID')) };
    }),
  );
  await introduce(servers);
  await Promise.all(
    members.slice(masters).map(async ({ server }, index) => {
      const master = members[index % masters] as ClusterMember;
      // Refused as long as this node has not heard of its master.
      await eventually(() => server.call('CLUSTER', 'REPLICATE', master.id), {
        within: ACQUAINTED_WITHIN_MS,
      });
    }),
  );
  return members;
}

/** Everyone meets everyone: word of mouth alone would take a second or more. */
async function introduce(servers: RedisServer[]): Promise<void> {
  await Promise.all(
    servers.map(async (server, index) => {
      for (const { host, port, busPort } of servers.slice(index + 1)) {
        await server.call('CLUSTER', 'MEET', host, port, busPort as number);
      }
    }),
  );
  await Promise.all(
    servers.map((server) =>
      eventually(
        async () => {
          const known = parseClusterNodes(String(await server.call('CLUSTER', 'NODES')));
          if (
            known.length !== servers.length ||
            known.some(({ flags }) => flags.has('handshake'))
          ) {
            throw new Error(`${server.url} knows ${known.length} of ${servers.length} nodes`);
          }
        },
        { within: ACQUAINTED_WITHIN_MS },
      ),
    ),
  );
}

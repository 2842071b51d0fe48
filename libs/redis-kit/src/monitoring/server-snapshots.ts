import type { CounterHistory } from './counter-history.js';
import type { Look } from './look.js';
import type { ServerSnapshot } from './metric-families.js';
import { countSample } from './hit-ratio.js';
import { slowCommandsIn } from './slow-log.js';

/** Everything that metrics tell of the servers of a connection, with one INFO and two looks at the slow log each. */
export async function takeSnapshots(
  look: Look,
  history: CounterHistory,
): Promise<ServerSnapshot[]> {
  const { name: connection } = look.connection;
  return Promise.all(
    look.nodes.map(async (node) => {
      const [info, slowLogLength, entries] = await Promise.all([
        look.info(
          node,
          'server',
          'clients',
          'memory',
          'persistence',
          'stats',
          'replication',
          'cpu',
          'commandstats',
          'keyspace',
        ),
        look.ask(node, 'SLOWLOG LEN', (client) => client.slowlog('LEN')),
        look.ask(node, 'SLOWLOG GET', (client) => client.slowlog('GET', 1)),
      ]);
      const sample = info && countSample(info);
      if (sample) history.record(node.name, sample);
      return {
        connection,
        node: node.name,
        info,
        slowLogLength: typeof slowLogLength === 'number' ? slowLogLength : undefined,
        lastSlow: slowCommandsIn(entries)[0],
      };
    }),
  );
}

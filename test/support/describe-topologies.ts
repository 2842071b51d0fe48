import { afterAll, beforeAll, describe } from '@jest/globals';
import { ClusterTopology } from './topologies/cluster-topology.js';
import { SentinelTopology } from './topologies/sentinel-topology.js';
import { StandaloneTopology } from './topologies/standalone-topology.js';
import type { ManagedTopology, Topology, TopologyName } from './topologies/topology.js';

const TOPOLOGIES: Record<TopologyName, () => ManagedTopology> = {
  standalone: () => new StandaloneTopology(),
  sentinel: () => new SentinelTopology(),
  cluster: () => new ClusterTopology(),
};

export interface DescribeTopologiesOptions {
  /** @default all of them */
  only?: readonly TopologyName[];
}

/**
 * Describes `suite` once per topology, each on real servers of its own. `REDIS_KIT_TOPOLOGIES=standalone,cluster`
 * narrows a run; the others are reported as skipped.
 */
export function describeTopologies(
  title: string,
  suite: (topology: Topology) => void,
  { only }: DescribeTopologiesOptions = {},
): void {
  for (const [name, create] of Object.entries(TOPOLOGIES) as [
    TopologyName,
    () => ManagedTopology,
  ][]) {
    if (only !== undefined && !only.includes(name)) continue;
    const describeOrSkip = isWanted(name) ? describe : describe.skip;
    describeOrSkip(`${title} [${name}]`, () => {
      const topology = create();
      beforeAll(() => topology.start());
      afterAll(() => topology.stop());
      suite(topology);
    });
  }
}

function isWanted(name: TopologyName): boolean {
  const wanted = (process.env['REDIS_KIT_TOPOLOGIES'] ?? '')
    .split(',')
    .filter((part) => part !== '');
  for (const part of wanted) {
    if (!Object.hasOwn(TOPOLOGIES, part)) {
      throw new Error(
        `REDIS_KIT_TOPOLOGIES: "${part}" is none of ${Object.keys(TOPOLOGIES).join(', ')}`,
      );
    }
  }
  return wanted.length === 0 || wanted.includes(name);
}

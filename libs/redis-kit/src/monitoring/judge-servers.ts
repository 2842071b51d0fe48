import type { HealthReason } from '../core/feature-health.js';
import type { CountsBetween } from './counter-history.js';
import type { MemoryFacts, OfNode, ServerFacts } from './monitor-reports.js';
import type { ResolvedHealthThresholds } from './monitoring.options.js';
import { ratioOf } from './server-facts.js';

/** What is known of one server when its health is judged. */
export interface KnownServer extends OfNode {
  readonly facts: ServerFacts;
  readonly memory: MemoryFacts;
  /** What it counted within the window; undefined when there is nothing to compare to. */
  readonly counts: CountsBetween | undefined;
}

/** What is wrong with the servers. What a server did not tell is not held against it. */
export function judgeServers(
  servers: readonly KnownServer[],
  thresholds: ResolvedHealthThresholds,
): HealthReason[] {
  const masters = servers.filter(({ role }) => role === 'master');
  const areAllLoading = masters.length > 0 && masters.every(({ facts }) => facts.isLoading);
  return [
    ...servers.flatMap((server) => [
      ...loading(server, areAllLoading),
      ...full(server, thresholds),
      ...unsaved(server),
      ...lagging(server, thresholds),
    ]),
    ...seldomHit(masters, thresholds),
  ];
}

function loading({ node, facts }: KnownServer, areAllLoading: boolean): HealthReason[] {
  if (!facts.isLoading) return [];
  const severity = areAllLoading ? 'unhealthy' : 'degraded';
  return [{ severity, code: 'loading', node, message: `${node} is loading its data from disk` }];
}

function full(
  { node, facts, memory, counts }: KnownServer,
  thresholds: ResolvedHealthThresholds,
): HealthReason[] {
  const reasons: HealthReason[] = [];
  if (memory.usedShare !== null && memory.usedShare > thresholds.memory) {
    reasons.push({
      severity: 'degraded',
      code: 'memory-high',
      node,
      message: `${node} uses ${percent(memory.usedShare)} of its maxmemory, more than ${percent(thresholds.memory)}; its policy is ${memory.policy ?? 'unknown'}`,
    });
  }
  const evicted = counts && counts.windowMs > 0 ? (counts.evicted * 1_000) / counts.windowMs : 0;
  if (evicted > thresholds.evictionsPerSecond) {
    reasons.push({
      severity: 'degraded',
      code: 'evictions',
      node,
      message: `${node} evicts ${Math.round(evicted)} keys a second, more than ${thresholds.evictionsPerSecond}`,
    });
  }
  const { connectedClients, maxClients } = facts;
  if (
    connectedClients !== null &&
    maxClients &&
    connectedClients / maxClients > thresholds.clients
  ) {
    reasons.push({
      severity: 'degraded',
      code: 'clients-high',
      node,
      message: `${node} has ${connectedClients} of at most ${maxClients} clients, more than ${percent(thresholds.clients)}`,
    });
  }
  return reasons;
}

function unsaved({ node, facts: { persistence } }: KnownServer): HealthReason[] {
  const failed = [
    ...(persistence.isLastSaveOk === false ? ['its last snapshot'] : []),
    ...(persistence.isAppendOnly && persistence.isLastAppendOk === false
      ? ['the last write of its append-only file']
      : []),
  ];
  return failed.map((what) => ({
    severity: 'degraded',
    code: 'persistence-failed',
    node,
    message: `${node}: ${what} failed; by its defaults it refuses writes until that works again`,
  }));
}

function lagging(
  { node, facts: { replication } }: KnownServer,
  { replicationLagMs }: ResolvedHealthThresholds,
): HealthReason[] {
  const reasons: HealthReason[] = [];
  const add = (message: string) =>
    reasons.push({ severity: 'degraded', code: 'replication-lag', node, message });
  if (replication.isLinkedToMaster === false) add(`${node} has lost the link to its master`);
  for (const { address, isOnline, lagMs } of replication.replicas) {
    if (!isOnline) add(`Replica ${address} of ${node} is not synchronised`);
    else if (lagMs !== null && lagMs > replicationLagMs) {
      add(
        `Replica ${address} of ${node} confirmed nothing for ${lagMs / 1_000} s, longer than ${replicationLagMs / 1_000} s`,
      );
    }
  }
  return reasons;
}

function seldomHit(
  masters: readonly KnownServer[],
  { hitRatio, leastLookups }: ResolvedHealthThresholds,
): HealthReason[] {
  const known = masters.flatMap(({ counts }) => (counts ? [counts] : []));
  const hits = known.reduce((total, counts) => total + counts.hits, 0);
  const misses = known.reduce((total, counts) => total + counts.misses, 0);
  const ratio = ratioOf(hits, misses);
  if (ratio === null || hits + misses < leastLookups || ratio >= hitRatio) return [];
  const windowMs = Math.max(...known.map((counts) => counts.windowMs));
  return [
    {
      severity: 'degraded',
      code: 'hit-ratio-low',
      message: `${percent(ratio)} of ${hits + misses} look-ups in ${Math.round(windowMs / 1_000)} s were hits, less than ${percent(hitRatio)}`,
    },
  ];
}

const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;

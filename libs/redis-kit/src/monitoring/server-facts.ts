import { decimal, type InfoText } from './info-text.js';
import type {
  MemoryFacts,
  MemoryTotals,
  OfNode,
  ReplicaFacts,
  ServerFacts,
  ServerTotals,
} from './monitor-reports.js';

/** What an INFO says of a server; `role` as the server itself sees it, where it says so. */
export function serverFacts(info: InfoText): ServerFacts & Partial<Pick<OfNode, 'role'>> {
  const valkey = info.text('valkey_version');
  const version = valkey ?? info.text('redis_version');
  const isMaster = info.is('role', 'master');
  return {
    ...(isMaster !== undefined && { role: isMaster ? 'master' : 'replica' }),
    server: version === undefined ? null : valkey === undefined ? 'redis' : 'valkey',
    version: version ?? null,
    uptimeMs: secondsAsMs(info.number('uptime_in_seconds')),
    isLoading: info.is('loading', '1') ?? null,
    connectedClients: info.number('connected_clients') ?? null,
    blockedClients: info.number('blocked_clients') ?? null,
    maxClients: info.number('maxclients') ?? null,
    rejectedConnections: info.number('rejected_connections') ?? null,
    operationsPerSecond: info.number('instantaneous_ops_per_sec') ?? null,
    commandsProcessed: info.number('total_commands_processed') ?? null,
    ...keyCounts(info),
    replication: {
      replicas: info.records('slave').flatMap(([name, parts]) => replica(name, parts, info)),
      isLinkedToMaster: info.is('master_link_status', 'up') ?? null,
      // -1 before the first contact.
      masterSilentMs: secondsAsMs(notNegative(info.number('master_last_io_seconds_ago'))),
    },
    persistence: {
      isLastSaveOk: info.is('rdb_last_bgsave_status', 'ok') ?? null,
      changesSinceSave: info.number('rdb_changes_since_last_save') ?? null,
      isAppendOnly: info.is('aof_enabled', '1') ?? null,
      isLastAppendOk: info.is('aof_last_write_status', 'ok') ?? null,
    },
  };
}

export function serverTotals(nodes: readonly (OfNode & ServerFacts)[]): ServerTotals {
  const masters = nodes.filter(({ role }) => role === 'master');
  return {
    masters: masters.length,
    replicas: nodes.length - masters.length,
    connectedClients: sum(nodes, 'connectedClients'),
    blockedClients: sum(nodes, 'blockedClients'),
    operationsPerSecond: sum(nodes, 'operationsPerSecond'),
    commandsProcessed: sum(nodes, 'commandsProcessed'),
    keys: sum(masters, 'keys'),
    expiringKeys: sum(masters, 'expiringKeys'),
  };
}

export function memoryFacts(info: InfoText): MemoryFacts {
  const usedBytes = info.number('used_memory') ?? null;
  // 0 means that there is no limit, of which nothing can be a share.
  const maxBytes = info.number('maxmemory') || null;
  return {
    usedBytes,
    rssBytes: info.number('used_memory_rss') ?? null,
    peakBytes: info.number('used_memory_peak') ?? null,
    overheadBytes: info.number('used_memory_overhead') ?? null,
    datasetBytes: info.number('used_memory_dataset') ?? null,
    maxBytes,
    usedShare: share(usedBytes, maxBytes),
    evictedKeys: info.number('evicted_keys') ?? null,
    fragmentation: info.number('mem_fragmentation_ratio') ?? null,
    policy: info.text('maxmemory_policy') ?? null,
  };
}

export function memoryTotals(nodes: readonly (OfNode & MemoryFacts)[]): MemoryTotals {
  const masters = nodes.filter(({ role }) => role === 'master');
  const usedBytes = sum(masters, 'usedBytes');
  // One server without a limit, and all together have none.
  const isLimited = masters.every(({ maxBytes }) => maxBytes !== null);
  const maxBytes = isLimited ? sum(masters, 'maxBytes') : null;
  return {
    usedBytes,
    rssBytes: sum(masters, 'rssBytes'),
    peakBytes: sum(masters, 'peakBytes'),
    overheadBytes: sum(masters, 'overheadBytes'),
    datasetBytes: sum(masters, 'datasetBytes'),
    maxBytes,
    usedShare: share(usedBytes, maxBytes),
    evictedKeys: sum(masters, 'evictedKeys'),
  };
}

/** Hits among look-ups; null when there was none. */
export function ratioOf(hits: number | null, misses: number | null): number | null {
  if (hits === null || misses === null || hits + misses <= 0) return null;
  return hits / (hits + misses);
}

/** The sum of a fact over those that tell it; null when none does. */
export function sum<Key extends string>(
  facts: readonly { readonly [K in Key]: number | null }[],
  key: Key,
): number | null {
  const told = facts.map((one) => one[key]).filter((value) => value !== null);
  return told.length === 0 ? null : told.reduce((total, value) => total + value, 0);
}

function keyCounts(info: InfoText): Pick<ServerFacts, 'keys' | 'expiringKeys'> {
  const databases = info.records('db').filter(([name]) => /^\d+$/.test(name));
  // An empty database is not listed, so no list may be no keys; a server that tells nothing else told this neither.
  if (databases.length === 0 && info.text('keyspace_hits') === undefined) {
    return { keys: null, expiringKeys: null };
  }
  const count = (part: string) =>
    databases.reduce((total, [, parts]) => total + (decimal(parts.get(part)) ?? 0), 0);
  return { keys: count('keys'), expiringKeys: count('expires') };
}

function replica(name: string, parts: ReadonlyMap<string, string>, info: InfoText): ReplicaFacts[] {
  if (!/^\d+$/.test(name)) return [];
  const written = info.number('master_repl_offset');
  const confirmed = decimal(parts.get('offset'));
  return [
    {
      address: `${parts.get('ip') ?? '?'}:${parts.get('port') ?? '?'}`,
      isOnline: parts.get('state') === 'online',
      lagMs: secondsAsMs(notNegative(decimal(parts.get('lag')))),
      lagBytes:
        written === undefined || confirmed === undefined ? null : Math.max(0, written - confirmed),
    },
  ];
}

const share = (part: number | null, whole: number | null): number | null =>
  part === null || whole === null || whole <= 0 ? null : part / whole;

const secondsAsMs = (seconds: number | undefined): number | null =>
  seconds === undefined ? null : seconds * 1_000;

const notNegative = (value: number | undefined): number | undefined =>
  value !== undefined && value < 0 ? undefined : value;

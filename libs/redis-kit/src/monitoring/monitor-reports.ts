/** Something that a server was asked in vain. */
export interface Unanswered {
  /** The server, or the connection when none could be reached. */
  readonly node: string;
  /** What was asked, such as `INFO memory` or `SLOWLOG`. */
  readonly asked: string;
  /**
   * `unreachable`: no answer in time; `forbidden`: by the ACL; `unsupported`: the server does not know it, or it was
   * renamed; `failed`: anything else.
   */
  readonly reason: 'unreachable' | 'forbidden' | 'unsupported' | 'failed';
  readonly message: string;
}

/** Which server something was learned from. */
export interface OfNode {
  /** Where it listens. */
  readonly node: string;
  readonly role: 'master' | 'replica';
}

/** What was learned of the servers behind a connection. Facts that a server did not tell are null. */
export interface MonitorReport<Facts, Total> {
  readonly connection: string;
  readonly topology: 'standalone' | 'sentinel' | 'cluster' | 'memory';
  /** One for each server that answered. */
  readonly nodes: readonly (OfNode & Facts)[];
  /** All servers together; null when none answered. */
  readonly total: Total | null;
  /** What is missing from the facts above, and why. */
  readonly unanswered: readonly Unanswered[];
}

/** `RedisMonitor.info` of one server. */
export interface ServerFacts {
  readonly server: 'redis' | 'valkey' | null;
  readonly version: string | null;
  readonly uptimeMs: number | null;
  /** True while the server reads its data from disk and serves none. */
  readonly isLoading: boolean | null;
  readonly connectedClients: number | null;
  readonly blockedClients: number | null;
  readonly maxClients: number | null;
  readonly rejectedConnections: number | null;
  readonly operationsPerSecond: number | null;
  readonly commandsProcessed: number | null;
  readonly keys: number | null;
  /** Of the keys, those that have an expiry. */
  readonly expiringKeys: number | null;
  readonly replication: ReplicationFacts;
  readonly persistence: PersistenceFacts;
}

export interface ReplicationFacts {
  /** Of a master: its replicas, as it sees them. */
  readonly replicas: readonly ReplicaFacts[];
  /** Of a replica: whether it hears from its master. */
  readonly isLinkedToMaster: boolean | null;
  /** Of a replica: how long it has heard nothing from its master. */
  readonly masterSilentMs: number | null;
}

export interface ReplicaFacts {
  readonly address: string;
  readonly isOnline: boolean;
  /** How long ago it last confirmed what it has, to the second. */
  readonly lagMs: number | null;
  /** How much of what the master wrote it has not confirmed yet. */
  readonly lagBytes: number | null;
}

export interface PersistenceFacts {
  readonly isLastSaveOk: boolean | null;
  readonly changesSinceSave: number | null;
  readonly isAppendOnly: boolean | null;
  readonly isLastAppendOk: boolean | null;
}

/** `RedisMonitor.info` of all servers. Keys are those of masters; the rest is of replicas, too. */
export interface ServerTotals {
  readonly masters: number;
  readonly replicas: number;
  readonly connectedClients: number | null;
  readonly blockedClients: number | null;
  readonly operationsPerSecond: number | null;
  readonly commandsProcessed: number | null;
  readonly keys: number | null;
  readonly expiringKeys: number | null;
}

/** `RedisMonitor.memory`. Of all servers: those of the masters, whose limit is what data has to fit into. */
export interface MemoryTotals {
  readonly usedBytes: number | null;
  readonly rssBytes: number | null;
  readonly peakBytes: number | null;
  /** What is not data: buffers, tables, the server itself. */
  readonly overheadBytes: number | null;
  readonly datasetBytes: number | null;
  /** `maxmemory`; null where there is no limit. */
  readonly maxBytes: number | null;
  /** Of the limit, from 0 to 1; null where there is none. */
  readonly usedShare: number | null;
  readonly evictedKeys: number | null;
}

export interface MemoryFacts extends MemoryTotals {
  /** Memory taken from the machine by memory used; far above 1 is waste, below 1 is swap. */
  readonly fragmentation: number | null;
  readonly policy: string | null;
}

/** `RedisMonitor.slowLog`: one command that took long. Arguments are never told. */
export interface SlowCommand extends OfNode {
  readonly id: number;
  readonly at: Date;
  /** What the server spent on it, without waiting. */
  readonly durationMs: number;
  /** Its name in capitals, with the subcommand where there is one. */
  readonly command: string;
  /** Its keys, redacted: `product:~2jYzTq8HwK1v`. */
  readonly keys: readonly string[];
  /** How many arguments it had. */
  readonly argumentCount: number;
  /** The name of the connection that sent it, such as `shop:production:default:command`. */
  readonly clientName: string | null;
}

export interface SlowLogFacts {
  /** Entries the servers keep; it grows up to `slowlog-max-len`. */
  readonly length: number | null;
}

export interface SlowLog extends MonitorReport<SlowLogFacts, SlowLogFacts> {
  /** The newest first, of all servers. */
  readonly commands: readonly SlowCommand[];
}

/** `RedisMonitor.hitRatio`. */
export interface HitRatio {
  readonly connection: string;
  /** Hits among the look-ups of the window, from 0 to 1; null when there were fewer look-ups than asked for. */
  readonly ratio: number | null;
  readonly hits: number | null;
  readonly misses: number | null;
  /** What was compared: time since the earlier look at the servers; null when there was none yet. */
  readonly windowMs: number | null;
  /** Since the servers were started. It says little about now. */
  readonly lifetime: {
    readonly ratio: number | null;
    readonly hits: number | null;
    readonly misses: number | null;
  };
  readonly unanswered: readonly Unanswered[];
}

/** `RedisMonitor.latency` of one server. */
export interface LatencyFacts {
  /** From this process and back, milliseconds of several `PING`s. */
  readonly roundTrip: {
    readonly min: number;
    readonly median: number;
    readonly max: number;
  } | null;
  /** What the server's latency monitor saw; empty unless `latency-monitor-threshold` is set. */
  readonly events: readonly LatencyEvent[];
  /** What commands took inside the server, the slowest at the 99th percentile first. */
  readonly commands: readonly CommandLatency[];
}

export interface LatencyEvent {
  readonly event: string;
  readonly at: Date;
  readonly latestMs: number;
  readonly maxMs: number;
}

export interface CommandLatency {
  readonly command: string;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
}

/** `RedisMonitor.streamGroups`: one consumer group of one stream. */
export interface StreamGroup extends OfNode {
  readonly stream: string;
  readonly group: string;
  /** Entries in the stream. */
  readonly length: number;
  readonly consumers: number;
  /** Entries that were delivered and are not acknowledged. */
  readonly pending: number;
  /** Entries not delivered yet; null when the server cannot tell, as after deletions within the stream. */
  readonly lag: number | null;
  readonly lastDeliveredId: string;
  /** Of what is pending, the entry with the lowest id; null when nothing is. */
  readonly oldestPending: OldestPending | null;
}

export interface OldestPending {
  readonly id: string;
  /** How long ago the entry was written, by the server's clock; null for ids that are no times. */
  readonly ageMs: number | null;
  /** How long ago it was last delivered. */
  readonly idleMs: number;
  readonly deliveries: number;
}

export interface StreamGroups {
  readonly connection: string;
  readonly groups: readonly StreamGroup[];
  /** False when the time was up before every key was seen: there may be more streams. */
  readonly isComplete: boolean;
  readonly unanswered: readonly Unanswered[];
}

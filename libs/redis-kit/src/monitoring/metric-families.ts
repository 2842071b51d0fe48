import { decimal, type InfoText } from './info-text.js';
import type { SlowCommand } from './monitor-reports.js';

/** Samples of one name, as Prometheus understands them. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What one server said when it was looked at; `info` is undefined when it did not answer. */
export interface ServerSnapshot {
  readonly connection: string;
  readonly node: string;
  readonly info: InfoText | undefined;
  readonly slowLogLength: number | undefined;
  readonly lastSlow: Pick<SlowCommand, 'id' | 'durationMs'> | undefined;
}

/** Every sample says which server it is of, beside what its family adds. */
const OF_SERVER = ['connection', 'node'] as const;

interface FieldMetric {
  readonly field: string;
  readonly name: string;
  readonly type: MetricFamily['type'];
  readonly help: string;
}

const gauge = (field: string, name: string, help: string): FieldMetric => ({
  field,
  name: `redis_${name}`,
  type: 'gauge',
  help,
});
const counter = (field: string, name: string, help: string): FieldMetric => ({
  ...gauge(field, name, help),
  type: 'counter',
});

/** Fields of INFO under the names that redis_exporter gives them, so that dashboards made for it show them. */
const FIELDS: readonly FieldMetric[] = [
  gauge('uptime_in_seconds', 'uptime_in_seconds', 'Time since the server was started'),
  gauge('connected_clients', 'connected_clients', 'Clients connected to the server'),
  gauge('blocked_clients', 'blocked_clients', 'Clients that wait in a blocking command'),
  gauge('tracking_clients', 'tracking_clients', 'Clients that are told of changed keys'),
  gauge('maxclients', 'config_maxclients', 'Most clients the server accepts'),
  gauge('used_memory', 'memory_used_bytes', 'Memory in use'),
  gauge('used_memory_rss', 'memory_used_rss_bytes', 'Memory taken from the machine'),
  gauge('used_memory_peak', 'memory_used_peak_bytes', 'Most memory that was ever in use'),
  gauge('used_memory_overhead', 'memory_used_overhead_bytes', 'Memory that holds no data'),
  gauge('used_memory_dataset', 'memory_used_dataset_bytes', 'Memory that holds data'),
  gauge('maxmemory', 'memory_max_bytes', 'Limit of memory; 0: none'),
  gauge('mem_fragmentation_ratio', 'mem_fragmentation_ratio', 'Memory taken by memory in use'),
  gauge('loading', 'loading_dump_file', '1 while data is read from disk'),
  gauge('rdb_changes_since_last_save', 'rdb_changes_since_last_save', 'Changes not in a snapshot'),
  gauge('aof_enabled', 'aof_enabled', '1 with an append-only file'),
  gauge('connected_slaves', 'connected_slaves', 'Replicas connected to the server'),
  gauge('master_repl_offset', 'master_repl_offset', 'Position in the stream of replication'),
  gauge('pubsub_channels', 'pubsub_channels', 'Channels with subscribers'),
  gauge('pubsub_patterns', 'pubsub_patterns', 'Patterns with subscribers'),
  gauge('pubsubshard_channels', 'pubsubshard_channels', 'Sharded channels with subscribers'),
  counter('total_connections_received', 'connections_received_total', 'Connections accepted'),
  counter('total_commands_processed', 'commands_processed_total', 'Commands processed'),
  counter('rejected_connections', 'rejected_connections_total', 'Connections above maxclients'),
  counter('total_net_input_bytes', 'net_input_bytes_total', 'Bytes received'),
  counter('total_net_output_bytes', 'net_output_bytes_total', 'Bytes sent'),
  counter('expired_keys', 'expired_keys_total', 'Keys that expired'),
  counter('evicted_keys', 'evicted_keys_total', 'Keys evicted for lack of memory'),
  counter('keyspace_hits', 'keyspace_hits_total', 'Look-ups that found their key'),
  counter('keyspace_misses', 'keyspace_misses_total', 'Look-ups that found no key'),
  counter('used_cpu_sys', 'cpu_sys_seconds_total', 'CPU time in the system'),
  counter('used_cpu_user', 'cpu_user_seconds_total', 'CPU time in the server'),
  counter(
    'client_output_buffer_limit_disconnections',
    'client_output_buffer_limit_disconnections_total',
    'Clients cut off because they read too slowly',
  ),
];

type Labelled = readonly [labels: Readonly<Record<string, string>>, value: number | undefined];

interface FamilySource {
  readonly name: string;
  readonly type: MetricFamily['type'];
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly read: (server: ServerSnapshot) => readonly Labelled[];
}

const STATUSES = ['rdb_last_bgsave_status', 'aof_last_write_status'] as const;

const SOURCES: readonly FamilySource[] = [
  {
    name: 'redis_up',
    type: 'gauge',
    help: '1 when the server told how it does, 0 when it did not',
    read: ({ info }) => [[{}, info ? 1 : 0]],
  },
  {
    name: 'redis_instance_info',
    type: 'gauge',
    help: 'What the server is; always 1',
    labelNames: ['role', 'redis_version', 'redis_mode', 'maxmemory_policy'],
    read: ({ info }) =>
      info
        ? [
            [
              {
                role: info.text('role') ?? '',
                redis_version: info.text('valkey_version') ?? info.text('redis_version') ?? '',
                redis_mode: info.text('redis_mode') ?? '',
                maxmemory_policy: info.text('maxmemory_policy') ?? '',
              },
              1,
            ],
          ]
        : [],
  },
  ...FIELDS.map(({ field, ...family }) => ({
    ...family,
    read: ({ info }: ServerSnapshot): Labelled[] => [[{}, info?.number(field)]],
  })),
  ...STATUSES.map((field) => ({
    name: `redis_${field}`,
    type: 'gauge' as const,
    help: '1 when it worked the last time, 0 when it failed',
    read: ({ info }: ServerSnapshot): Labelled[] => {
      const isOk = info?.is(field, 'ok');
      return [[{}, isOk === undefined ? undefined : Number(isOk)]];
    },
  })),
  {
    name: 'redis_master_link_up',
    type: 'gauge',
    help: '1 while a replica hears from its master',
    read: ({ info }) => {
      const isUp = info?.is('master_link_status', 'up');
      return [[{}, isUp === undefined ? undefined : Number(isUp)]];
    },
  },
  {
    name: 'redis_db_keys',
    type: 'gauge',
    help: 'Keys of a database',
    labelNames: ['db'],
    read: ({ info }) => databases(info, 'keys'),
  },
  {
    name: 'redis_db_keys_expiring',
    type: 'gauge',
    help: 'Keys of a database that have an expiry',
    labelNames: ['db'],
    read: ({ info }) => databases(info, 'expires'),
  },
  {
    name: 'redis_connected_slave_lag_seconds',
    type: 'gauge',
    help: 'Time since a replica confirmed what it has',
    labelNames: ['slave_ip', 'slave_port', 'slave_state'],
    read: ({ info }) =>
      recordsOf(info, 'slave', /^\d+$/).map(([, parts]) => [
        {
          slave_ip: parts.get('ip') ?? '',
          slave_port: parts.get('port') ?? '',
          slave_state: parts.get('state') ?? '',
        },
        decimal(parts.get('lag')),
      ]),
  },
  {
    name: 'redis_commands_total',
    type: 'counter',
    help: 'Calls of a command',
    labelNames: ['cmd'],
    read: ({ info }) => commands(info, (parts) => decimal(parts.get('calls'))),
  },
  {
    name: 'redis_commands_duration_seconds_total',
    type: 'counter',
    help: 'Time spent on a command',
    labelNames: ['cmd'],
    read: ({ info }) =>
      commands(info, (parts) => {
        const us = decimal(parts.get('usec'));
        return us === undefined ? undefined : us / 1_000_000;
      }),
  },
  {
    name: 'redis_slowlog_length',
    type: 'gauge',
    help: 'Entries of the slow log',
    read: ({ slowLogLength }) => [[{}, slowLogLength]],
  },
  {
    name: 'redis_slowlog_last_id',
    type: 'gauge',
    help: 'Id of the latest entry of the slow log',
    read: ({ lastSlow }) => [[{}, lastSlow?.id]],
  },
  {
    name: 'redis_last_slow_execution_duration_seconds',
    type: 'gauge',
    help: 'Duration of the latest slow command',
    read: ({ lastSlow }) => [[{}, lastSlow && lastSlow.durationMs / 1_000]],
  },
];

/** The families there can be, without samples: what they are called, and by what their samples differ. */
export const SERVER_FAMILIES: readonly Omit<MetricFamily, 'samples'>[] = SOURCES.map(
  ({ name, type, help, labelNames = [] }) => ({
    name,
    type,
    help,
    labelNames: [...OF_SERVER, ...labelNames],
  }),
);

/** What servers said, as families; a fact that none of them told is no sample. */
export function serverFamilies(servers: readonly ServerSnapshot[]): MetricFamily[] {
  return SERVER_FAMILIES.map((family, at) => ({
    ...family,
    samples: servers.flatMap((server) =>
      SOURCES[at]!.read(server).flatMap(([labels, value]) =>
        value === undefined
          ? []
          : [{ labels: { connection: server.connection, node: server.node, ...labels }, value }],
      ),
    ),
  }));
}

function recordsOf(
  info: InfoText | undefined,
  prefix: string,
  name: RegExp,
): [string, ReadonlyMap<string, string>][] {
  return info?.records(prefix).filter(([rest]) => name.test(rest)) ?? [];
}

const databases = (info: InfoText | undefined, part: string): Labelled[] =>
  recordsOf(info, 'db', /^\d+$/).map(([number, parts]) => [
    { db: `db${number}` },
    decimal(parts.get(part)),
  ]);

const commands = (
  info: InfoText | undefined,
  value: (parts: ReadonlyMap<string, string>) => number | undefined,
): Labelled[] =>
  recordsOf(info, 'cmdstat_', /^[\w.|-]+$/).map(([cmd, parts]) => [{ cmd }, value(parts)]);

import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import type { ResolvedConnectionOptions } from './connection.options.js';
import type { Address, RedisClient } from './connection-url.js';
import { guardClient, type GuardOptions } from './guard-client.js';
import { ROLE_PROFILES, type ConnectionRole, type RoleProfile } from './roles.js';

/**
 * How often a Cluster client asks for the slot map. ioredis never asks by itself, and then a hung (not closed) master is
 * never left, although the Cluster has long failed over.
 */
const SLOTS_REFRESH_INTERVAL_MS = 2_000;

/** Shortest time between two reconnects away from a read-only server. */
const READONLY_RECONNECT_MS = 1_000;

/** Options without `replyMapping`: the suite reads replies in the driver's default, flat shape. */
type DriverOptions = Omit<RedisOptions, 'replyMapping'>;
type DriverClusterOptions = Omit<ClusterOptions, 'redisOptions'> & {
  redisOptions: Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>;
};

/** Makes an ioredis client for one role, with the settings the suite relies on. It connects on first use. */
export function createClient(
  options: ResolvedConnectionOptions,
  role: ConnectionRole,
  connectionName: string,
): RedisClient {
  const { target } = options;
  const profile = ROLE_PROFILES[role];
  const guard = guardOptions(options, profile);
  const shared = sharedOptions(options, role, connectionName);
  const single = { ...shared, enableOfflineQueue: profile.offlineQueue };
  switch (target.type) {
    case 'client':
      return 'nodes' in target.client
        ? guardCluster(target.client.duplicate([], clusterOverrides(profile, shared)), guard)
        : guardClient(target.client.duplicate(single), guard);
    case 'cluster':
      return guardCluster(
        createCluster(target.nodes, options, clusterOverrides(profile, shared)),
        guard,
      );
    case 'sentinel':
      return guardClient(
        new Redis({
          ...single,
          sentinels: target.sentinels.map((address) => ({ ...address })),
          name: target.name,
          db: options.db,
          // Without it ioredis keeps writing to a demoted master until the link breaks.
          failoverDetector: true,
          sentinelReconnectStrategy: () => 1_000,
          sentinelCommandTimeout: options.connectTimeoutMs,
          ...(options.sentinelPassword && { sentinelPassword: options.sentinelPassword }),
          ...(options.natMap && { natMap: options.natMap }),
          ...(options.tls && { sentinelTLS: options.tls, enableTLSForSentinelMode: true }),
        }),
        guard,
      );
    case 'standalone':
      return guardClient(
        new Redis({
          ...single,
          ...('path' in target ? { path: target.path } : { host: target.host, port: target.port }),
          db: options.db,
        }),
        guard,
      );
  }
}

/** Makes a plain connection to one known node, with the credentials of `options`. */
export function createNodeClient(
  options: ResolvedConnectionOptions,
  address: Address,
  role: ConnectionRole,
  connectionName: string,
): Redis {
  const profile = ROLE_PROFILES[role];
  const given = options.target.type === 'client' ? givenNodeOptions(options.target.client) : {};
  return guardClient(
    new Redis({
      ...given,
      ...sharedOptions(options, role, connectionName),
      ...address,
      enableOfflineQueue: profile.offlineQueue,
    }),
    guardOptions(options, profile),
  );
}

function guardOptions(options: ResolvedConnectionOptions, profile: RoleProfile): GuardOptions {
  return {
    silenceMs: profile.silenceMs ?? options.commandTimeoutMs,
    batchWrites: profile.batchWrites,
  };
}

function sharedOptions(
  options: ResolvedConnectionOptions,
  role: ConnectionRole,
  connectionName: string,
): DriverOptions {
  const profile = ROLE_PROFILES[role];
  return {
    lazyConnect: true,
    connectionName,
    ...protocolOf(options, role),
    keepAlive: options.keepAliveMs,
    connectTimeout: options.connectTimeoutMs,
    // How long a socket that was told to end may linger, and with it the process.
    disconnectTimeout: 200,
    enableAutoPipelining: options.autoPipelining && role === 'command',
    // A re-sent command whose reply was lost runs twice: an appended event, a counted request, a taken lock.
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // A timeout bounds the wait; counting reconnects would fail commands at an arbitrary moment.
    maxRetriesPerRequest: null,
    retryStrategy: retryStrategy(profile.maxRetryDelayMs),
    reconnectOnError: reconnectFromReplica(),
    ...(profile.commandTimeout && { commandTimeout: options.commandTimeoutMs }),
    ...(options.username && { username: options.username }),
    ...(options.password && { password: options.password }),
    ...(options.tls && { tls: options.tls }),
  };
}

/** A client that was given keeps its protocol; invalidation messages reach ioredis 6 only by the older one. */
function protocolOf(
  { target, protocol }: ResolvedConnectionOptions,
  role: ConnectionRole,
): Pick<DriverOptions, 'protocol'> {
  if (role === 'tracking') return { protocol: 2 };
  return target.type === 'client' ? {} : { protocol };
}

function createCluster(
  nodes: readonly Address[],
  options: ResolvedConnectionOptions,
  overrides: DriverClusterOptions,
): Cluster {
  return new Cluster(
    nodes.map((address) => ({ ...address })),
    {
      ...overrides,
      ...(options.natMap && { natMap: options.natMap }),
      // Certificates name hosts, so an address must stay the name it was announced as.
      ...(options.tls && { dnsLookup: (address, callback) => callback(null, address) }),
    },
  );
}

function clusterOverrides(profile: RoleProfile, shared: DriverOptions): DriverClusterOptions {
  const { retryStrategy: _, reconnectOnError: __, enableAutoPipelining, ...node } = shared;
  const retryDelay = retryStrategy(profile.maxRetryDelayMs);
  return {
    lazyConnect: true,
    enableOfflineQueue: profile.offlineQueue,
    enableAutoPipelining: enableAutoPipelining ?? false,
    // A client that was given may read from replicas, which do not know yet what was invalidated.
    scaleReads: 'master',
    slotsRefreshInterval: SLOTS_REFRESH_INTERVAL_MS,
    // ioredis would send a command again after "connection closed", which runs it twice when only the reply was lost.
    retryDelayOnFailover: 0,
    clusterRetryStrategy: (times) => retryDelay?.(times) ?? null,
    redisOptions: node,
  };
}

/** Credentials and TLS of a client the application made, for connections to single nodes. */
function givenNodeOptions(client: RedisClient): DriverOptions {
  const options: DriverOptions =
    'nodes' in client ? (client.options.redisOptions ?? {}) : client.options;
  const { username, password, tls, db, protocol } = options;
  return {
    ...(username && { username }),
    ...(password && { password }),
    ...(tls && { tls }),
    ...(db && { db }),
    ...(protocol && { protocol }),
  };
}

/** Nodes come and go; each gets the same care as a single client. */
function guardCluster(cluster: Cluster, guard: GuardOptions): Cluster {
  cluster.on('+node', (node: Redis) => guardClient(node, guard));
  cluster.on('node error', () => undefined);
  return cluster;
}

/**
 * A server that answers READONLY was demoted, and a new link may lead to the new master. Not more than once in a while: it
 * may also be read-only for good.
 */
function reconnectFromReplica(): (error: Error) => boolean {
  let reconnectedAt = -Infinity;
  return (error) => {
    if (!error.message.startsWith('READONLY')) return false;
    if (performance.now() - reconnectedAt < READONLY_RECONNECT_MS) return false;
    reconnectedAt = performance.now();
    return true;
  };
}

/** Exponential from 50 ms with full jitter on the upper half, so that a fleet does not reconnect in step. */
function retryStrategy(maxDelayMs: number | undefined): ((times: number) => number) | null {
  if (maxDelayMs === undefined) return null;
  return (times) => {
    const ceiling = Math.min(50 * 2 ** Math.min(times - 1, 10), maxDelayMs);
    return Math.round(ceiling / 2 + (Math.random() * ceiling) / 2);
  };
}

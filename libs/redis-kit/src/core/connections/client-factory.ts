import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import type { ResolvedConnectionOptions } from './connection.options.js';
import type { Address, RedisClient } from './connection-url.js';
import { guardClient } from './guard-client.js';
import { ROLE_PROFILES, type ConnectionRole, type RoleProfile } from './roles.js';

/**
 * How often a Cluster client asks for the slot map. ioredis never asks by itself, and then a hung (not closed) master is
 * never left, although the Cluster has long failed over.
 */
const SLOTS_REFRESH_INTERVAL_MS = 2_000;

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
  const profile = profileOf(options, role);
  const shared = sharedOptions(options, profile, connectionName);
  switch (target.type) {
    case 'client':
      return duplicate(target.client, shared, profile);
    case 'cluster':
      return createCluster(target.nodes, options, profile, shared);
    case 'sentinel':
      return guardClient(
        new Redis({
          ...shared,
          enableOfflineQueue: profile.offlineQueue,
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
      );
    case 'standalone':
      return guardClient(
        new Redis({
          ...shared,
          ...('path' in target ? { path: target.path } : { host: target.host, port: target.port }),
          enableOfflineQueue: profile.offlineQueue,
          db: options.db,
        }),
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
  const profile = profileOf(options, role);
  const given = options.target.type === 'client' ? givenNodeOptions(options.target.client) : {};
  return guardClient(
    new Redis({
      ...given,
      ...sharedOptions(options, profile, connectionName),
      ...address,
      enableOfflineQueue: profile.offlineQueue,
    }),
  );
}

function profileOf(options: ResolvedConnectionOptions, role: ConnectionRole): RoleProfile {
  const profile = ROLE_PROFILES[role];
  return role === 'command' ? { ...profile, autoPipelining: options.autoPipelining } : profile;
}

function sharedOptions(
  options: ResolvedConnectionOptions,
  profile: RoleProfile,
  connectionName: string,
): DriverOptions {
  const commandTimeout = profile.commandTimeoutMs ?? options.commandTimeoutMs;
  return {
    lazyConnect: true,
    connectionName,
    protocol: options.protocol,
    keepAlive: options.keepAliveMs,
    connectTimeout: options.connectTimeoutMs,
    // How long a socket that was told to end may linger, and with it the process.
    disconnectTimeout: 200,
    enableAutoPipelining: profile.autoPipelining,
    // A re-sent command whose reply was lost runs twice: an appended event, a counted request, a taken lock.
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // The command timeout bounds the wait; counting reconnects would fail commands at an arbitrary moment.
    maxRetriesPerRequest: null,
    retryStrategy: retryStrategy(profile.maxRetryDelayMs),
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
    ...(Number.isFinite(commandTimeout) && {
      commandTimeout,
      // Drops a link on which nothing comes back, which TCP keep-alive does not notice while the peer's kernel lives.
      socketTimeout: commandTimeout,
    }),
    ...(options.username && { username: options.username }),
    ...(options.password && { password: options.password }),
    ...(options.tls && { tls: options.tls }),
  };
}

function createCluster(
  nodes: readonly Address[],
  options: ResolvedConnectionOptions,
  profile: RoleProfile,
  shared: DriverOptions,
): Cluster {
  return guardCluster(
    new Cluster(
      nodes.map((address) => ({ ...address })),
      {
        ...clusterOverrides(profile, shared),
        ...(options.natMap && { natMap: options.natMap }),
        // Certificates name hosts, so an address must stay the name it was announced as.
        ...(options.tls && { dnsLookup: (address, callback) => callback(null, address) }),
      },
    ),
  );
}

function clusterOverrides(profile: RoleProfile, shared: DriverOptions): DriverClusterOptions {
  const { retryStrategy: _, reconnectOnError: __, enableAutoPipelining, ...node } = shared;
  const retryDelay = retryStrategy(profile.maxRetryDelayMs);
  return {
    lazyConnect: true,
    enableOfflineQueue: profile.offlineQueue,
    enableAutoPipelining: enableAutoPipelining ?? false,
    slotsRefreshInterval: SLOTS_REFRESH_INTERVAL_MS,
    // ioredis would send a command again after "connection closed", which runs it twice when only the reply was lost.
    retryDelayOnFailover: 0,
    clusterRetryStrategy: (times) => retryDelay?.(times) ?? null,
    redisOptions: node,
  };
}

function duplicate(client: RedisClient, shared: DriverOptions, profile: RoleProfile): RedisClient {
  if ('nodes' in client) {
    return guardCluster(client.duplicate([], clusterOverrides(profile, shared)));
  }
  const { protocol: _, ...overrides } = shared;
  return guardClient(client.duplicate({ ...overrides, enableOfflineQueue: profile.offlineQueue }));
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
function guardCluster(cluster: Cluster): Cluster {
  cluster.on('+node', (node: Redis) => guardClient(node));
  cluster.on('node error', () => undefined);
  return cluster;
}

/** Exponential from 50 ms with full jitter on the upper half, so that a fleet does not reconnect in step. */
function retryStrategy(maxDelayMs: number | undefined): ((times: number) => number) | null {
  if (maxDelayMs === undefined) return null;
  return (times) => {
    const ceiling = Math.min(50 * 2 ** Math.min(times - 1, 10), maxDelayMs);
    return Math.round(ceiling / 2 + (Math.random() * ceiling) / 2);
  };
}

import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { toMs, type Duration } from '../duration.js';
import {
  Is,
  IsDuration,
  IsFlag,
  IsIntegerBetween,
  IsOneOf,
  IsText,
} from '../options/constraints.js';
import { NestedList } from '../options/nested.js';
import { ConfigurationError, type ConfigurationIssue } from '../redis-kit.error.js';
import {
  CONNECTION_URL_FORMS,
  parseConnectionUrl,
  type Address,
  type ConnectionTarget,
  type RedisClient,
} from './connection-url.js';

/** Where one server listens. */
export class NodeAddress implements Address {
  /** Host name or IP address. */
  @IsText()
  host!: string;

  /** TCP port. */
  @IsIntegerBetween(1, 65_535)
  port!: number;
}

const isClient = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'sendCommand' in value && 'duplicate' in value;

/**
 * How to reach one Redis. Give exactly one of `url`, `host`, `sentinels` + `name`, `cluster` or `client`;
 * with none of them the connection uses the environment (see `docs/guides/connections.md`).
 */
export class ConnectionOptions {
  /** `redis://`, `rediss://`, `unix://`, `redis+sentinel://` or `redis+cluster://`. */
  @Is(
    CONNECTION_URL_FORMS,
    (url) => typeof url === 'string' && parseConnectionUrl(url) !== undefined,
  )
  url?: string | undefined;

  /** Host of a standalone server. */
  @IsText()
  host?: string | undefined;

  /**
   * Port of a standalone server; needs `host`.
   * @default 6379
   */
  @IsIntegerBetween(1, 65_535)
  port?: number | undefined;

  /** Addresses of the Sentinels; needs `name`. */
  @NestedList(() => NodeAddress)
  sentinels?: NodeAddress[] | undefined;

  /** Name of the master group the Sentinels watch. */
  @IsText()
  name?: string | undefined;

  /** Password of the Sentinels themselves, when they have one. */
  @IsText()
  sentinelPassword?: string | undefined;

  /** Addresses of some Cluster nodes; the others are discovered. */
  @NestedList(() => NodeAddress)
  cluster?: NodeAddress[] | undefined;

  /** Announced address → reachable address, for a Cluster or Sentinels behind NAT. */
  @Is("an object such as { '10.0.0.1:6379': { host, port } }", (map) => typeof map === 'object')
  natMap?: Record<string, { host: string; port: number }> | undefined;

  /** An existing ioredis client. It is used and duplicated, and never closed by the suite. */
  @Is('an ioredis Redis or Cluster instance', isClient)
  client?: RedisClient | undefined;

  /** ACL user. */
  @IsText()
  username?: string | undefined;

  /** Password of the ACL user, or of the server. */
  @IsText()
  password?: string | undefined;

  /**
   * Database number; not available on a Cluster.
   * @default 0
   */
  @IsIntegerBetween(0, 65_535)
  db?: number | undefined;

  /** `true`, or TLS options of Node such as `{ ca: readFileSync('ca.pem') }`. `rediss://` means `true`. */
  @Is('true, false or TLS options', (tls) => typeof tls === 'boolean' || typeof tls === 'object')
  tls?: boolean | TlsOptions | undefined;

  /**
   * Idle time before the first TCP keep-alive probe.
   * @default '30s'
   */
  @IsDuration({ min: '1s' })
  keepAlive?: Duration | undefined;

  /**
   * Longest wait for one attempt to connect.
   * @default '3s'
   */
  @IsDuration({ min: 10, max: '5m' })
  connectTimeout?: Duration | undefined;

  /**
   * Longest wait for the reply of a command. Then the command fails and the silent link is dropped and re-opened.
   * A command that timed out may still be executed by the server.
   * @default '5s'
   */
  @IsDuration({ min: 10, max: '10m' })
  commandTimeout?: Duration | undefined;

  /**
   * Version of the Redis protocol.
   * @default 2
   */
  @IsOneOf([2, 3])
  protocol?: 2 | 3 | undefined;

  /**
   * Send the commands issued in one tick as one pipeline on the connection given to the application
   * (the cache's own connection always does).
   * @default false
   */
  @IsFlag()
  autoPipelining?: boolean | undefined;
}

export interface ResolvedConnectionOptions {
  readonly target: ConnectionTarget;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly sentinelPassword: string | undefined;
  readonly db: number;
  readonly tls: TlsOptions | undefined;
  readonly natMap: Record<string, { host: string; port: number }> | undefined;
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly protocol: 2 | 3;
  readonly autoPipelining: boolean;
}

const TARGETS = ['url', 'host', 'sentinels', 'cluster', 'client'] as const;

/** True when the options themselves say where to connect. */
export const namesTarget = (options: ConnectionOptions): boolean =>
  TARGETS.some((key) => options[key] !== undefined);

/**
 * Fills in one connection's options. `environment` is used when they name no target.
 *
 * @throws ConfigurationError when the targets contradict each other.
 */
export function resolveConnectionOptions(
  options: ConnectionOptions,
  path: string,
  environment: { readonly variable: string; readonly url: string },
): ResolvedConnectionOptions {
  const named = TARGETS.filter((key) => options[key] !== undefined);
  if (named.length > 1) {
    fail(path, named.join(' and '), 'one of url, host, sentinels, cluster or client');
  }
  const url = named.length === 0 ? environment.url : options.url;
  const fromUrl = url === undefined ? undefined : parseConnectionUrl(url);
  if (url !== undefined && !fromUrl) fail(environment.variable, '(hidden)', CONNECTION_URL_FORMS);

  const target = fromUrl?.target ?? explicitTarget(options, path);
  const db = options.db ?? fromUrl?.db ?? 0;
  if (target.type === 'cluster' && db !== 0) {
    fail(`${path}.db`, String(db), '0: a Redis Cluster has no other database');
  }
  const tls = options.tls ?? fromUrl?.tls ?? false;
  return {
    target,
    username: options.username ?? fromUrl?.username,
    password: options.password ?? fromUrl?.password,
    sentinelPassword: options.sentinelPassword,
    db,
    tls: tls === true ? {} : tls === false ? undefined : tls,
    natMap: options.natMap,
    keepAliveMs: toMs(options.keepAlive ?? '30s'),
    connectTimeoutMs: toMs(options.connectTimeout ?? '3s'),
    commandTimeoutMs: toMs(options.commandTimeout ?? '5s'),
    protocol: options.protocol ?? 2,
    autoPipelining: options.autoPipelining ?? false,
  };
}

function explicitTarget(options: ConnectionOptions, path: string): ConnectionTarget {
  if (options.client) return { type: 'client', client: options.client };
  if (options.cluster) {
    if (options.cluster.length === 0) fail(`${path}.cluster`, 'an empty list', 'at least one node');
    return { type: 'cluster', nodes: options.cluster };
  }
  if (options.sentinels) {
    if (options.sentinels.length === 0) {
      fail(`${path}.sentinels`, 'an empty list', 'at least one Sentinel');
    }
    if (!options.name) fail(`${path}.name`, 'nothing', 'the name of the master group');
    return { type: 'sentinel', sentinels: options.sentinels, name: options.name! };
  }
  return { type: 'standalone', host: options.host!, port: options.port ?? 6379 };
}

function fail(path: string, given: string, expected: string): never {
  throw new ConfigurationError([{ path, given, expected } satisfies ConfigurationIssue]);
}

/** The connection's address without credentials, for logs, errors and health. */
export function describeTarget(target: ConnectionTarget): string {
  switch (target.type) {
    case 'standalone':
      return 'path' in target ? `unix://${target.path}` : `redis://${target.host}:${target.port}`;
    case 'sentinel':
      return `redis+sentinel://${listNodes(target.sentinels)}/${target.name}`;
    case 'cluster':
      return `redis+cluster://${listNodes(target.nodes)}`;
    case 'client':
      return 'the given client';
  }
}

const listNodes = (nodes: readonly Address[]): string =>
  nodes.map(({ host, port }) => `${host}:${port}`).join(',');

import { isIPv6 } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { toMs, type Duration } from '../duration.js';
import {
  Is,
  IsDuration,
  IsFlag,
  IsIntegerBetween,
  IsOneOf,
  IsText,
  Required,
} from '../options/constraints.js';
import { NestedList } from '../options/nested.js';
import { ConfigurationError, type ConfigurationIssue } from '../redis-kit.error.js';
import {
  CONNECTION_URL_FORMS,
  MAX_DB,
  MAX_PORT,
  parseConnectionUrl,
  type Address,
  type ConnectionTarget,
  type ConnectionUrl,
  type RedisClient,
} from './connection-url.js';

/** Where one server listens. */
export class NodeAddress implements Address {
  /** Host name or IP address. */
  @Required('a host name or IP address')
  @IsText()
  host!: string;

  /** TCP port. */
  @Required('a TCP port')
  @IsIntegerBetween(1, MAX_PORT)
  port!: number;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `status` is what other drivers' clients, which have both methods as well, lack. */
const isClient = (value: unknown): boolean =>
  isObject(value) && 'sendCommand' in value && 'duplicate' in value && 'status' in value;

const isAddressMap = (value: unknown): boolean =>
  isObject(value) &&
  Object.entries(value).every(([announced, reachable]: [string, Partial<Address> | null]) => {
    const { host, port } = reachable ?? {};
    return /:\d+$/.test(announced) && typeof host === 'string' && host !== '' && isPort(port);
  });

const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_PORT;

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
  @IsIntegerBetween(1, MAX_PORT)
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
  @Is("an object such as { '10.0.0.1:6379': { host, port } }", isAddressMap)
  natMap?: Record<string, { host: string; port: number }> | undefined;

  /** An existing ioredis client without `keyPrefix`. It is used and duplicated, and never closed by the suite. */
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
  @IsIntegerBetween(0, MAX_DB)
  db?: number | undefined;

  /** `true`, or TLS options of Node such as `{ ca: readFileSync('ca.pem') }`. `rediss://` means `true`. */
  @Is('true, false or TLS options', (tls) => typeof tls === 'boolean' || isObject(tls))
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
   * Send the commands issued in one tick as one pipeline on the connection given to the application.
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
 * @throws ConfigurationError with everything that contradicts itself.
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
  const issues = contradictions(options, target, fromUrl, path);
  if (issues.length > 0) throw new ConfigurationError(issues);
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

/** What a client was made with; the suite cannot change it afterwards. */
const DECIDED_BY_CLIENT = ['username', 'password', 'db', 'tls', 'protocol'] as const;

/** Options that would have no effect, or another than they say: ignored in silence, they lead to the wrong server. */
function contradictions(
  options: ConnectionOptions,
  { type }: ConnectionTarget,
  fromUrl: ConnectionUrl | undefined,
  path: string,
): ConfigurationIssue[] {
  const issues: ConfigurationIssue[] = [];
  const refuse = (option: keyof ConnectionOptions, expected: string) => {
    const value = options[option];
    const given = option === 'db' || typeof value === 'boolean' ? String(value) : 'a value';
    issues.push({ path: `${path}.${option}`, given, expected });
  };
  const allow = (option: keyof ConnectionOptions, isAllowed: boolean, needs: string) => {
    if (options[option] !== undefined && !isAllowed) refuse(option, `nothing, because ${needs}`);
  };
  allow('port', options.host !== undefined, 'it needs host');
  allow('name', options.sentinels !== undefined, 'it needs sentinels');
  allow('sentinelPassword', type === 'sentinel', 'it needs Sentinels');
  allow('natMap', type !== 'standalone', 'it needs Sentinels or a Cluster');
  if (type === 'client') {
    for (const option of DECIDED_BY_CLIENT) allow(option, false, 'the given client decides it');
    issues.push(...prefixOf(options.client!, path));
  }
  if (type === 'cluster' && options.db) refuse('db', '0: a Redis Cluster has no other database');
  if (fromUrl?.tls && options.tls === false) {
    refuse('tls', 'true or TLS options, because the URL says rediss://');
  }
  return issues;
}

/** The driver puts it before some keys and not before others: patterns and what is watched for changes are left bare. */
function prefixOf({ options }: RedisClient, path: string): ConfigurationIssue[] {
  if (!options.keyPrefix) return [];
  const expected =
    "a client without keyPrefix: RedisKit's own keys are told apart by the option 'namespace'";
  return [{ path: `${path}.client`, given: `keyPrefix '${options.keyPrefix}'`, expected }];
}

function fail(path: string, given: string, expected: string): never {
  throw new ConfigurationError([{ path, given, expected }]);
}

/** The connection's address without credentials, for logs, errors and health. */
export function describeTarget(target: ConnectionTarget): string {
  switch (target.type) {
    case 'standalone':
      return 'path' in target ? `unix://${target.path}` : `redis://${listNodes([target])}`;
    case 'sentinel':
      return `redis+sentinel://${listNodes(target.sentinels)}/${target.name}`;
    case 'cluster':
      return `redis+cluster://${listNodes(target.nodes)}`;
    case 'client':
      return 'the given client';
  }
}

const listNodes = (nodes: readonly Address[]): string =>
  nodes.map(({ host, port }) => `${isIPv6(host) ? `[${host}]` : host}:${port}`).join(',');

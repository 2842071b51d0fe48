import { readFileSync } from 'node:fs';
import { resolveCacheOptions, CacheOptions } from './cache/cache.options.js';
import {
  CounterOptions,
  RequestTrackingOptions,
  resolveCounterOptions,
  resolveRequestTrackingOptions,
  type ResolvedCounterOptions,
  type ResolvedRequestTrackingOptions,
} from './counters/counters.options.js';
import { LeaderboardOptions } from './counters/leaderboard.options.js';
import {
  ConnectionOptions,
  namesTarget,
  resolveConnectionOptions,
  type ResolvedConnectionOptions,
} from './core/connections/connection.options.js';
import { CONNECTION_URL_FORMS, parseConnectionUrl } from './core/connections/connection-url.js';
import type { ConnectPolicy } from './core/connections/redis-connections.js';
import { toMs, type Duration } from './core/duration.js';
import type { RedisKitListeners } from './core/events.js';
import {
  ChannelLayerOptions,
  resolveChannelLayerOptions,
  type ResolvedChannelLayerOptions,
} from './events/channels/channels.options.js';
import {
  EventsOptions,
  resolveEventsOptions,
  type ResolvedEventsOptions,
} from './events/events.options.js';
import {
  LocksOptions,
  locksIssues,
  resolveLocksOptions,
  type ResolvedLocksOptions,
} from './lock/lock.options.js';
import {
  MonitoringOptions,
  resolveMonitoringOptions,
  type ResolvedMonitoringOptions,
} from './monitoring/monitoring.options.js';
import { Is, IsDuration, IsFlag, IsOneOf, IsText } from './core/options/constraints.js';
import { Nested, NestedRecord } from './core/options/nested.js';
import { optionPath, validateOptions } from './core/options/validate-options.js';
import { ConfigurationError, type ConfigurationIssue } from './core/redis-kit.error.js';
import {
  RateLimitOptions,
  resolveRateLimitOptions,
  type ResolvedRateLimitOptions,
} from './rate-limit/rate-limit.options.js';
import {
  resolveStreamsOptions,
  StreamsOptions,
  type ResolvedStreamsOptions,
} from './streams/streams.options.js';

const ROOT = 'forRoot()';
const DEFAULT_URL = 'redis://localhost:6379';
const LONGEST_NAMESPACE = 100;

/** Options of `RedisKitModule.forRoot()`. All have defaults. */
export class RedisKitOptions {
  /**
   * First part of every key, so that applications and environments share a Redis without meeting.
   * @default the application's package name and NODE_ENV, such as 'shop:production'
   */
  @IsText({
    pattern: new RegExp(`^[\\w.:@/-]{1,${LONGEST_NAMESPACE}}$`),
    expected: `up to ${LONGEST_NAMESPACE} letters, digits and . _ : @ / - (no braces: they mark the Cluster hash tag)`,
  })
  namespace?: string | undefined;

  /**
   * URL of the default connection; short for `connections.default.url`.
   * @default REDIS_URL of the environment, else 'redis://localhost:6379'
   */
  @Is(CONNECTION_URL_FORMS, (url) => typeof url === 'string' && !!parseConnectionUrl(url))
  url?: string | undefined;

  /**
   * Connections by name. One that names no target uses `REDIS_<NAME>_URL`, or else the default connection's, so that
   * `{ sessions: { db: 1 } }` is the same server with another database.
   */
  @NestedRecord(() => ConnectionOptions)
  connections?: Record<string, ConnectionOptions> | undefined;

  /**
   * When Redis is away at boot: `eager` starts anyway, is not ready and recovers by itself; `require` refuses to start;
   * `lazy` connects on first use.
   * @default 'eager'
   */
  @IsOneOf(['eager', 'lazy', 'require'])
  connect?: ConnectPolicy | undefined;

  /**
   * Longest time `app.close()` spends here on finishing work and closing connections.
   * @default '5s'
   */
  @IsDuration({ min: '100ms', max: '10m' })
  shutdownTimeout?: Duration | undefined;

  /** Caches by name; `default` is the one `CacheService` injects. */
  @NestedRecord(() => CacheOptions)
  caches?: Record<string, CacheOptions> | undefined;

  /** What all rate limits have in common. */
  @Nested(() => RateLimitOptions)
  rateLimit?: RateLimitOptions | undefined;

  /** Counters, and what leaderboards and request tracking share with them. */
  @Nested(() => CounterOptions)
  counters?: CounterOptions | undefined;

  /** Leaderboards by name. A board that is not named here has the defaults. */
  @NestedRecord(() => LeaderboardOptions)
  leaderboards?: Record<string, LeaderboardOptions> | undefined;

  /** What `RequestTrackingMiddleware` counts by. */
  @Nested(() => RequestTrackingOptions)
  requestTracking?: RequestTrackingOptions | undefined;
  /** Locks, semaphores and elections. */
  @Nested(() => LocksOptions)
  locks?: LocksOptions | undefined;

  /** `RedisMonitor` and health checks. */
  @Nested(() => MonitoringOptions)
  monitoring?: MonitoringOptions | undefined;
  /** The event bus. */
  @Nested(() => EventsOptions)
  events?: EventsOptions | undefined;

  /** Messages to single connections and to groups of them. */
  @Nested(() => ChannelLayerOptions)
  channelLayer?: ChannelLayerOptions | undefined;
  /** The event store and what processes events. */
  @Nested(() => StreamsOptions)
  streams?: StreamsOptions | undefined;

  /** Listeners by event name; the same as `RedisKitEvents.on`. */
  @Is('an object of functions by event name', isListeners)
  onEvents?: RedisKitListeners | undefined;

  /**
   * Makes the named clients and caches available in every module. `forFeature()` and health work either way.
   * @default true
   */
  @IsFlag()
  isGlobal?: boolean | undefined;
}

export interface ResolvedRedisKitOptions {
  readonly namespace: string;
  readonly connect: ConnectPolicy;
  readonly connections: ReadonlyMap<string, ResolvedConnectionOptions>;
  readonly shutdownTimeoutMs: number;
  readonly caches: ReadonlyMap<string, CacheOptions>;
  readonly rateLimit: ResolvedRateLimitOptions;
  readonly counters: ResolvedCounterOptions;
  readonly leaderboards: ReadonlyMap<string, LeaderboardOptions>;
  readonly requestTracking: ResolvedRequestTrackingOptions;
  readonly locks: ResolvedLocksOptions;
  readonly monitoring: ResolvedMonitoringOptions;
  readonly events: ResolvedEventsOptions;
  readonly channelLayer: ResolvedChannelLayerOptions;
  readonly streams: ResolvedStreamsOptions;
  readonly onEvents: RedisKitListeners;
}

/**
 * Validates options, once, and fills in defaults and environment.
 *
 * @throws ConfigurationError listing every wrong option with its path and accepted range.
 */
export function resolveRedisKitOptions(
  input: RedisKitOptions,
  environment: NodeJS.ProcessEnv = process.env,
): ResolvedRedisKitOptions {
  const options = validateOptions(RedisKitOptions, input, ROOT);
  const caches = new Map(Object.entries({ default: {}, ...options.caches }));
  const counters = resolveCounterOptions(options.counters);
  const issues: ConfigurationIssue[] = [];
  const connections = resolveConnections(options, environment, issues);
  const connectionNames = ['default', ...Object.keys(options.connections ?? {})];
  checkCacheConnections(caches, connectionNames, issues);
  const rateLimit = resolveRateLimitOptions(options.rateLimit ?? {});
  checkConnection(`${ROOT}.rateLimit`, rateLimit.connection, connectionNames, issues);
  checkConnection(`${ROOT}.counters`, counters.connection, connectionNames, issues);
  const events = resolveEventsOptions(options.events);
  checkConnection(`${ROOT}.events`, events.connection, connectionNames, issues);
  const channelLayer = resolveChannelLayerOptions(options.channelLayer);
  checkConnection(`${ROOT}.channelLayer`, channelLayer.connection, connectionNames, issues);
  const streams = resolveStreamsOptions(options.streams);
  checkConnection(`${ROOT}.streams`, streams.connection, connectionNames, issues);
  const locks = options.locks ?? {};
  issues.push(...locksIssues(locks, `${ROOT}.locks`, connectionNames));
  if (issues.length > 0) throw new ConfigurationError(issues);
  return {
    namespace: options.namespace ?? defaultNamespace(environment),
    connect: options.connect ?? 'eager',
    connections,
    shutdownTimeoutMs: toMs(options.shutdownTimeout ?? '5s'),
    caches,
    rateLimit,
    counters,
    leaderboards: new Map(Object.entries(options.leaderboards ?? {})),
    requestTracking: resolveRequestTrackingOptions(options.requestTracking),
    locks: resolveLocksOptions(locks),
    monitoring: resolveMonitoringOptions(options.monitoring),
    events,
    channelLayer,
    streams,
    onEvents: definedOnly(options.onEvents ?? {}),
  };
}

function resolveConnections(
  { url, connections = {} }: RedisKitOptions,
  environment: NodeJS.ProcessEnv,
  issues: ConfigurationIssue[],
): Map<string, ResolvedConnectionOptions> {
  const base = connections['default'] ?? {};
  const isUrlRefused = url !== undefined && namesTarget(base);
  if (isUrlRefused) {
    issues.push({
      path: `${ROOT}.url`,
      given: 'a URL',
      expected: 'nothing, because connections.default says where to connect',
    });
  }
  const defaults: ConnectionOptions = url === undefined || isUrlRefused ? base : { ...base, url };
  const resolved = new Map<string, ResolvedConnectionOptions>();
  for (const [name, own] of Object.entries({ default: defaults, ...connections })) {
    const ownVariable = `REDIS_${constantCase(name)}_URL`;
    // An empty variable counts as unset: that is what a compose file makes of one it does not know.
    const ownUrl = name === 'default' ? undefined : environment[ownVariable] || undefined;
    const merged =
      name === 'default' ? defaults : namesTarget(own) || ownUrl ? own : { ...defaults, ...own };
    try {
      resolved.set(
        name,
        resolveConnectionOptions(
          merged,
          optionPath(`${ROOT}.connections`, name),
          ownUrl
            ? { variable: ownVariable, url: ownUrl }
            : { variable: 'REDIS_URL', url: environment['REDIS_URL'] || DEFAULT_URL },
        ),
      );
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      // What several connections inherit is wrong only once.
      const isNew = ({ path }: ConfigurationIssue) => issues.every((other) => other.path !== path);
      issues.push(...error.issues.filter(isNew));
    }
  }
  return resolved;
}

function checkCacheConnections(
  caches: ReadonlyMap<string, CacheOptions>,
  connectionNames: readonly string[],
  issues: ConfigurationIssue[],
): void {
  for (const [name, options] of caches) {
    const { connection, store } = resolveCacheOptions(options);
    if (store !== 'redis') continue;
    checkConnection(optionPath(`${ROOT}.caches`, name), connection, connectionNames, issues);
  }
}

function checkConnection(
  path: string,
  connection: string,
  connectionNames: readonly string[],
  issues: ConfigurationIssue[],
): void {
  if (connectionNames.includes(connection)) return;
  issues.push({
    path: `${path}.connection`,
    given: JSON.stringify(connection),
    expected: `one of ${[...new Set(connectionNames)].join(', ')}`,
  });
}

const constantCase = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/\W+/g, '_')
    .toUpperCase();

/** `<package name>:<NODE_ENV>`: two applications, or two environments, that share a Redis never share keys by accident. */
function defaultNamespace(environment: NodeJS.ProcessEnv): string {
  const name = environment['npm_package_name'] || packageName() || 'app';
  const stage = environment['NODE_ENV'] || 'development';
  const suffix = `:${stage}`.slice(0, LONGEST_NAMESPACE - 1);
  // The name gives way, not the stage: it is what keeps the environments apart.
  return `${name.slice(0, LONGEST_NAMESPACE - suffix.length)}${suffix}`.replace(/[^\w.:@/-]/g, '-');
}

function packageName(): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync('package.json', 'utf8')) as { name?: unknown };
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

export function isListeners(value: unknown): boolean {
  return (
    Object.prototype.toString.call(value) === '[object Object]' &&
    Object.values(value as object).every(
      (listener) => listener === undefined || typeof listener === 'function',
    )
  );
}

const definedOnly = <T extends object>(members: T): T =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;

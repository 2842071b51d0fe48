import { readFileSync } from 'node:fs';
import { resolveCacheOptions, CacheOptions } from './cache/cache.options.js';
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
import { Is, IsDuration, IsFlag, IsOneOf, IsText } from './core/options/constraints.js';
import { NestedRecord } from './core/options/nested.js';
import { validateOptions } from './core/options/validate-options.js';
import { ConfigurationError } from './core/redis-kit.error.js';

/** Options of `RedisKitModule.forRoot()`. All have defaults. */
export class RedisKitOptions {
  /**
   * First part of every key, so that applications and environments share a Redis without meeting.
   * @default the application's package name and NODE_ENV, such as 'shop:production'
   */
  @IsText({
    pattern: /^[\w.:@/-]{1,100}$/,
    expected:
      'up to 100 letters, digits and . _ : @ / - (no braces: they mark the Cluster hash tag)',
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

  /** Listeners by event name; the same as `RedisKitEvents.on`. */
  @Is('an object of functions by event name', isListeners)
  onEvents?: RedisKitListeners | undefined;

  /**
   * Makes the providers available in every module.
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
  const options = validateOptions(RedisKitOptions, input, 'forRoot()');
  const caches = new Map(Object.entries({ default: {}, ...options.caches }));
  const connections = resolveConnections(options, environment);
  for (const [name, cache] of caches) {
    const { connection, store } = resolveCacheOptions(cache);
    if (store === 'redis' && !connections.has(connection)) {
      throw new ConfigurationError([
        {
          path: `forRoot().caches.${name}.connection`,
          given: JSON.stringify(connection),
          expected: `one of ${[...connections.keys()].join(', ')}`,
        },
      ]);
    }
  }
  return {
    namespace: options.namespace ?? defaultNamespace(environment),
    connect: options.connect ?? 'eager',
    connections,
    shutdownTimeoutMs: toMs(options.shutdownTimeout ?? '5s'),
    caches,
    onEvents: options.onEvents ?? {},
  };
}

function resolveConnections(
  { url, connections = {} }: RedisKitOptions,
  environment: NodeJS.ProcessEnv,
): Map<string, ResolvedConnectionOptions> {
  const base = connections['default'] ?? {};
  if (url !== undefined && namesTarget(base)) {
    throw new ConfigurationError([
      {
        path: 'forRoot().url',
        given: 'a URL',
        expected: 'nothing, because connections.default says where to connect',
      },
    ]);
  }
  const defaults: ConnectionOptions = url === undefined ? base : { ...base, url };
  const resolved = new Map<string, ResolvedConnectionOptions>();
  for (const [name, own] of Object.entries({ default: defaults, ...connections })) {
    const variable = name === 'default' ? 'REDIS_URL' : `REDIS_${constantCase(name)}_URL`;
    const fromEnvironment = name === 'default' ? undefined : environment[variable];
    const merged =
      name === 'default'
        ? defaults
        : namesTarget(own) || fromEnvironment
          ? own
          : { ...defaults, ...own };
    const fallback = fromEnvironment ?? environment['REDIS_URL'] ?? 'redis://localhost:6379';
    resolved.set(
      name,
      resolveConnectionOptions(merged, `forRoot().connections.${name}`, {
        variable: fromEnvironment ? variable : 'REDIS_URL',
        url: fallback,
      }),
    );
  }
  return resolved;
}

const constantCase = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/\W+/g, '_')
    .toUpperCase();

/** `<package name>:<NODE_ENV>`: two applications, or two environments, that share a Redis never share keys by accident. */
function defaultNamespace(environment: NodeJS.ProcessEnv): string {
  const name = environment['npm_package_name'] ?? packageName() ?? 'app';
  const stage = environment['NODE_ENV'] ?? 'development';
  return `${name}:${stage}`.replace(/[^\w.:@/-]/g, '-').slice(0, 100);
}

function packageName(): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync('package.json', 'utf8')) as { name?: unknown };
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

function isListeners(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((listener) => typeof listener === 'function')
  );
}

import { register, type Registry } from 'prom-client';
import { Is, IsFlag, IsIntegerBetween } from '../core/options/constraints.js';

const isRegistry = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'registerMetric' in value &&
  'removeSingleMetric' in value;

/** Options of `RedisMetricsModule.forRoot()`. All have defaults. */
export class RedisMetricsOptions {
  /**
   * Where metrics are registered: a registry of prom-client.
   * @default the global registry of prom-client
   */
  @Is('a Registry of prom-client', isRegistry)
  registry?: Registry | undefined;

  /**
   * Path that answers with all metrics of the registry; false: the application has one of its own.
   * @default '/metrics'
   */
  @Is(
    "a path such as '/metrics', or false",
    (path) => path === false || (typeof path === 'string' && /^\/?[\w./-]+$/.test(path)),
  )
  path?: string | false | undefined;

  /**
   * Tells of the servers, too, under the names of redis_exporter. Leave it out where redis_exporter runs: every instance
   * of the application would tell the same.
   * @default true
   */
  @IsFlag()
  servers?: boolean | undefined;

  /**
   * Most samples of one metric, for labels that turn out to be more than expected; the rest is counted as 'other'.
   * @default 200
   */
  @IsIntegerBetween(1, 10_000)
  maxSeries?: number | undefined;
}

export interface ResolvedRedisMetricsOptions {
  readonly registry: Registry;
  readonly path: string | false;
  readonly servers: boolean;
  readonly maxSeries: number;
}

export function resolveRedisMetricsOptions(
  options: RedisMetricsOptions = {},
): ResolvedRedisMetricsOptions {
  return {
    registry: options.registry ?? register,
    path: options.path ?? '/metrics',
    servers: options.servers ?? true,
    maxSeries: options.maxSeries ?? 200,
  };
}

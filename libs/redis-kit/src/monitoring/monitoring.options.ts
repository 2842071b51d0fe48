import { toMs, type Duration } from '../core/duration.js';
import { Is, IsDuration, IsFlag, IsIntegerBetween } from '../core/options/constraints.js';
import { Nested } from '../core/options/nested.js';

const IsShare = (): PropertyDecorator =>
  Is('a number from 0 to 1', (value) => typeof value === 'number' && value >= 0 && value <= 1);

/** When a health check says `degraded`. */
export class HealthThresholdsOptions {
  /**
   * Share of `maxmemory` in use on a server, from 0 to 1. Without `maxmemory` there is no such share.
   * @default 0.9
   */
  @IsShare()
  memory?: number | undefined;

  /**
   * Share of `maxclients` connected to a server, from 0 to 1.
   * @default 0.9
   */
  @IsShare()
  clients?: number | undefined;

  /**
   * Time a `PING` may take.
   * @default '500ms'
   */
  @IsDuration({ min: 1, max: '1m' })
  responseTime?: Duration | undefined;

  /**
   * Keys a server may evict per second, over the window.
   * @default 10
   */
  @IsIntegerBetween(0, 1_000_000_000)
  evictionsPerSecond?: number | undefined;

  /**
   * Least share of hits among look-ups of all masters, over the window; 0: any.
   * @default 0.5
   */
  @IsShare()
  hitRatio?: number | undefined;

  /**
   * Fewer look-ups than this within the window say nothing of a hit ratio.
   * @default 1000
   */
  @IsIntegerBetween(1, 1_000_000_000)
  leastLookups?: number | undefined;

  /**
   * How long ago a replica may have confirmed what it has. Servers count it in seconds.
   * @default '10s'
   */
  @IsDuration({ min: '1s', max: '1d' })
  replicationLag?: Duration | undefined;
}

/** Options of `RedisMonitor`. */
export class MonitoringOptions {
  /**
   * Longest wait for each answer of a server.
   * @default '1s'
   */
  @IsDuration({ min: 10, max: '1m' })
  timeout?: Duration | undefined;

  /**
   * Time over which hit ratios and evictions are looked at.
   * @default '5m'
   */
  @IsDuration({ min: '1s', max: '1h' })
  window?: Duration | undefined;

  /**
   * How long a health check may be answered with the result of the one before.
   * @default '1s'
   */
  @IsDuration({ max: '1m' })
  reuseHealthFor?: Duration | undefined;

  /**
   * Health checks write a key that expires, to see whether Redis takes writes.
   * @default true
   */
  @IsFlag()
  writeProbe?: boolean | undefined;

  /**
   * Tells OpenTelemetry of every command of every ioredis client in this process; needs `@opentelemetry/api`.
   * @default false
   */
  @IsFlag()
  telemetry?: boolean | undefined;

  /** When a health check says `degraded`. */
  @Nested(() => HealthThresholdsOptions)
  thresholds?: HealthThresholdsOptions | undefined;
}

export interface ResolvedHealthThresholds {
  readonly memory: number;
  readonly clients: number;
  readonly responseTimeMs: number;
  readonly evictionsPerSecond: number;
  readonly hitRatio: number;
  readonly leastLookups: number;
  readonly replicationLagMs: number;
}

export interface ResolvedMonitoringOptions {
  readonly timeoutMs: number;
  readonly windowMs: number;
  readonly reuseHealthForMs: number;
  readonly writeProbe: boolean;
  readonly telemetry: boolean;
  readonly thresholds: ResolvedHealthThresholds;
}

export function resolveMonitoringOptions(
  options: MonitoringOptions = {},
): ResolvedMonitoringOptions {
  const { thresholds = {} } = options;
  return {
    timeoutMs: toMs(options.timeout ?? '1s'),
    windowMs: toMs(options.window ?? '5m'),
    reuseHealthForMs: toMs(options.reuseHealthFor ?? '1s'),
    writeProbe: options.writeProbe ?? true,
    telemetry: options.telemetry ?? false,
    thresholds: {
      memory: thresholds.memory ?? 0.9,
      clients: thresholds.clients ?? 0.9,
      responseTimeMs: toMs(thresholds.responseTime ?? '500ms'),
      evictionsPerSecond: thresholds.evictionsPerSecond ?? 10,
      hitRatio: thresholds.hitRatio ?? 0.5,
      leastLookups: thresholds.leastLookups ?? 1_000,
      replicationLagMs: toMs(thresholds.replicationLag ?? '10s'),
    },
  };
}

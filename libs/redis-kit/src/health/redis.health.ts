import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { Duration } from '../core/duration.js';
import { safeMessage } from '../core/redact.js';
import { RedisMonitor } from '../monitoring/redis-monitor.js';

export interface RedisHealthOptions {
  /** Name of the connection; default: `'default'`. */
  readonly connection?: string | undefined;
  /** Longest wait for each answer; default: `monitoring.timeout`, which is `'1s'`. */
  readonly timeout?: Duration | undefined;
}

/**
 * Tells terminus how Redis does on the connection the application really uses: `RedisMonitor.healthCheck`, in its terms.
 *
 * Meant for readiness. As a liveness check it would restart healthy processes because Redis is away.
 */
@Injectable()
export class RedisHealthIndicator {
  constructor(
    private readonly monitor: RedisMonitor,
    private readonly health: HealthIndicatorService,
  ) {}

  /**
   * `up`, `degraded` (which terminus answers with 200) or `down` (503), with the reasons and with what features say of
   * themselves. Ends within about twice the timeout and never throws, not even for a connection that does not exist.
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: RedisHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const check = this.health.check(key);
    try {
      const { status, reasons, ...report } = await this.monitor.healthCheck(options);
      const { connection, topology, features, responseTimeMs, unanswered } = report;
      const facts = {
        connection,
        topology,
        ...features,
        ...(responseTimeMs !== null && { responseTimeMs }),
        ...(reasons.length > 0 && { message: reasons[0]!.message, reasons }),
        ...(unanswered.length > 0 && { unanswered }),
      };
      if (status === 'unhealthy') return check.down(facts);
      // Terminus knows `degraded` since 12.1.
      return status === 'degraded' && 'degraded' in check ? check.degraded(facts) : check.up(facts);
    } catch (error) {
      return check.down({ message: safeMessage(error) });
    }
  }
}

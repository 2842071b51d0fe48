import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { Caches } from '../cache/caches.js';
import { RedisConnections } from '../core/connections/redis-connections.js';
import { toMs, type Duration } from '../core/duration.js';
import { safeMessage } from '../core/redact.js';

export interface RedisHealthOptions {
  /** Name of the connection; default: `'default'`. */
  readonly connection?: string | undefined;
  /** Longest wait for the answer; default: `'1s'`. */
  readonly timeout?: Duration | undefined;
}

/**
 * Tells terminus whether Redis answers on the connection the application really uses.
 *
 * Meant for readiness. As a liveness check it would restart healthy processes because Redis is away.
 */
@Injectable()
export class RedisHealthIndicator {
  constructor(
    private readonly connections: RedisConnections,
    private readonly caches: Caches,
    private readonly health: HealthIndicatorService,
  ) {}

  /**
   * `up` with the response time, or `down` with the reason; both with how the caches of the connection do. Ends within the timeout and never throws, not even for a
   * connection that does not exist.
   */
  async isHealthy<const Key extends string>(
    key: Key,
    { connection: name, timeout = '1s' }: RedisHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const check = this.health.check(key);
    try {
      const connection = this.connections.get(name);
      const { name: connectionName, topology } = connection;
      const facts = () => ({
        connection: connectionName,
        topology,
        caches: this.caches.statusOf(connectionName),
      });
      try {
        const responseTimeMs = Math.round((await connection.ping(toMs(timeout))) * 100) / 100;
        return check.up({ ...facts(), responseTimeMs });
      } catch (error) {
        return check.down({ ...facts(), message: safeMessage(error) });
      }
    } catch (error) {
      return check.down({ message: safeMessage(error) });
    }
  }
}

import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorResult,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { RedisHealthIndicator } from 'nestjs-redis-kit/health';
import { ShopConfig } from '../shop.config.js';
import { DatabaseHealthIndicator } from './database.health.js';

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly redis: RedisHealthIndicator,
    private readonly database: DatabaseHealthIndicator,
    private readonly config: ShopConfig,
  ) {}

  /** Asks nobody else: restarting the shop repairs neither Redis nor the database. */
  @Get('live')
  @HealthCheck()
  @ApiOperation({ summary: 'Whether the process answers' })
  live(): Promise<HealthCheckResult> {
    return this.checks.check([]);
  }

  @Get('ready')
  @HealthCheck()
  @ApiOperation({
    summary: 'Whether Redis and the database answer',
    description:
      '503 while one of them is down. Without Redis the shop can still be browsed, from the database; with ' +
      'SHOP_WITHOUT_REDIS=degraded it then counts as ready, and the status is "degraded".',
  })
  ready(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.#redis(), () => this.database.isHealthy('database')]);
  }

  async #redis(): Promise<HealthIndicatorResult<'redis'>> {
    const result = await this.redis.isHealthy('redis', { timeout: '1s' });
    const { status, ...facts } = result.redis;
    if (status !== 'down' || this.config.SHOP_WITHOUT_REDIS === 'not-ready') return result;
    return this.indicators.check('redis').degraded(facts);
  }
}

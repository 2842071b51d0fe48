import { Module } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { RedisHealthIndicator } from './redis.health.js';

/** Provides `RedisHealthIndicator`, for use beside `TerminusModule`. */
@Module({
  providers: [HealthIndicatorService, RedisHealthIndicator],
  exports: [RedisHealthIndicator],
})
export class RedisHealthModule {}

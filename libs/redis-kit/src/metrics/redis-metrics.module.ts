import { Module, type DynamicModule } from '@nestjs/common';
import { Caches } from '../cache/caches.js';
import { RedisConnections } from '../core/connections/redis-connections.js';
import { RedisKitEvents } from '../core/events.js';
import { validateOptions } from '../core/options/validate-options.js';
import { WITHOUT_REDIS } from '../core/without-redis.js';
import { RedisMonitor } from '../monitoring/redis-monitor.js';
import { metricsController } from './metrics.controller.js';
import { RedisMetricsOptions, resolveRedisMetricsOptions } from './metrics.options.js';
import { RedisMetrics } from './redis-metrics.js';

/** Provides `RedisMetrics`, and answers `GET /metrics`. Needs `RedisKitModule` in the application. */
@Module({})
export class RedisMetricsModule {
  /** @throws ConfigurationError listing every wrong option. */
  static forRoot(options: RedisMetricsOptions = {}): DynamicModule {
    const resolved = resolveRedisMetricsOptions(
      validateOptions(RedisMetricsOptions, options, 'RedisMetricsModule.forRoot()'),
    );
    return {
      module: RedisMetricsModule,
      controllers: resolved.path === false ? [] : [metricsController(resolved.path)],
      providers: [
        {
          provide: RedisMetrics,
          inject: [
            RedisKitEvents,
            RedisMonitor,
            Caches,
            RedisConnections,
            { token: WITHOUT_REDIS, optional: true },
          ],
          useFactory: (
            events: RedisKitEvents,
            monitor: RedisMonitor,
            caches: Caches,
            connections: RedisConnections,
            isWithoutRedis?: true,
          ) =>
            new RedisMetrics({
              options: resolved,
              events,
              monitor,
              caches,
              connections: isWithoutRedis ? [] : connections.names,
            }),
        },
      ],
      exports: [RedisMetrics],
    };
  }
}

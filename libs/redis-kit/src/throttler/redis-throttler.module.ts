import { Module, type DynamicModule } from '@nestjs/common';
import { RedisConnections } from '../core/connections/redis-connections.js';
import { RedisKitEvents } from '../core/events.js';
import { KeySpace } from '../core/key-space.js';
import { validateOptions } from '../core/options/validate-options.js';
import { WITHOUT_REDIS } from '../core/without-redis.js';
import { RedisThrottlerStorage } from './redis-throttler.storage.js';
import { RedisThrottlerOptions } from './throttler.options.js';

/** Provides `RedisThrottlerStorage`, for `ThrottlerModule.forRootAsync()`. Needs `RedisKitModule` in the application. */
@Module({})
export class RedisThrottlerModule {
  /** @throws ConfigurationError listing every wrong option. */
  static forRoot(options: RedisThrottlerOptions = {}): DynamicModule {
    const validated = validateOptions(
      RedisThrottlerOptions,
      options,
      'RedisThrottlerModule.forRoot()',
    );
    return {
      module: RedisThrottlerModule,
      providers: [
        {
          provide: RedisThrottlerStorage,
          inject: [
            RedisConnections,
            KeySpace,
            RedisKitEvents,
            { token: WITHOUT_REDIS, optional: true },
          ],
          useFactory: (
            connections: RedisConnections,
            keySpace: KeySpace,
            events: RedisKitEvents,
            isWithoutRedis?: true,
          ) =>
            new RedisThrottlerStorage(
              isWithoutRedis ? undefined : connections,
              keySpace,
              events,
              validated,
            ),
        },
      ],
      exports: [RedisThrottlerStorage],
    };
  }
}

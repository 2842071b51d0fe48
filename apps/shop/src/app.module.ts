import {
  type DynamicModule,
  Global,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  ValidationPipe,
} from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { RedisKitModule } from 'nestjs-redis-kit';
import { SessionModule } from 'nestjs-redis-kit/session';
import { AccountsModule } from './accounts/accounts.module.js';
import { CartModule } from './cart/cart.module.js';
import { CatalogModule } from './catalog/catalog.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { validationProblem } from './operations/problem.js';
import { RequestTraceMiddleware } from './operations/request-trace.middleware.js';
import { ShopConfig } from './shop.config.js';
import { ShopErrorFilter } from './shop-error.filter.js';
import { StorefrontModule } from './storefront/storefront.module.js';

@Global()
@Module({})
class ShopConfigModule {
  static with(config: ShopConfig): DynamicModule {
    return {
      module: ShopConfigModule,
      providers: [{ provide: ShopConfig, useValue: config }],
      exports: [ShopConfig],
    };
  }
}

@Module({})
export class AppModule implements NestModule {
  static with(config: ShopConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ShopConfigModule.with(config),
        RedisKitModule.forRoot({
          namespace: `shop:${config.NODE_ENV}`,
          caches: { catalog: { ttl: '5m' } },
        }),
        SessionModule.forRoot({
          secret: config.sessionSecret,
          maxPerUser: 20,
          exclude: ['assets/{*name}', 'health/{*path}'],
        }),
        DatabaseModule,
        OperationsModule,
        CatalogModule,
        StorefrontModule,
        CartModule,
        AccountsModule,
        HealthModule,
      ],
      providers: [
        {
          provide: APP_PIPE,
          useFactory: () =>
            new ValidationPipe({
              transform: true,
              whitelist: true,
              forbidNonWhitelisted: true,
              exceptionFactory: validationProblem,
            }),
        },
        { provide: APP_FILTER, useClass: ShopErrorFilter },
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RequestTraceMiddleware).exclude('assets/{*name}').forRoutes('{*path}');
  }
}

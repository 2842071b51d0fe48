import { Module, type INestApplicationContext, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisKitModule } from 'nestjs-redis-kit';
import { isolatedNamespace } from 'nestjs-redis-kit/testing';
import type { RedisKitOptions } from 'nestjs-redis-kit';

/** Boots an application context around the suite, with a namespace of its own and without log output. */
export async function startApplication(
  options: RedisKitOptions,
  metadata: ModuleMetadata = {},
): Promise<INestApplicationContext> {
  @Module({
    ...metadata,
    imports: [
      RedisKitModule.forRoot({ namespace: isolatedNamespace(), ...options }),
      ...(metadata.imports ?? []),
    ],
  })
  class TestApplicationModule {}
  return NestFactory.createApplicationContext(TestApplicationModule, {
    logger: process.env['REDIS_KIT_TEST_LOGS'] ? ['warn', 'error', 'log'] : false,
    abortOnError: false,
  });
}

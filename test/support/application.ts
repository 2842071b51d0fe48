import {
  Module,
  type INestApplicationContext,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
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

/** Runs something with an application of these providers, whose caches `default` and `catalog` need no Redis. */
export async function withMemoryCaches(
  providers: Type[],
  run: (app: INestApplicationContext) => Promise<void>,
): Promise<void> {
  const app = await startApplication(
    {
      connect: 'lazy',
      caches: { default: { store: 'memory' }, catalog: { store: 'memory' } },
    },
    { providers },
  );
  try {
    await run(app);
  } finally {
    await app.close();
  }
}

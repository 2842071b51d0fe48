import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Module } from '@nestjs/common';
import { RedisKitModule, type RedisKitOptions } from 'nestjs-redis-kit';
import { isolatedNamespace } from 'nestjs-redis-kit/testing';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

export interface HttpApplication {
  readonly app: INestApplication;
  /** Sends a request to this application. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

/** Boots an application that listens on a free port of the loopback interface. */
export async function startHttpApplication(
  platform: Platform,
  options: RedisKitOptions,
  metadata: ModuleMetadata,
  configure: (app: INestApplication) => void = () => undefined,
  fastify: { trustProxy?: boolean | string } = {},
): Promise<HttpApplication> {
  @Module({
    ...metadata,
    imports: [
      RedisKitModule.forRoot({ namespace: isolatedNamespace(), ...options }),
      ...(metadata.imports ?? []),
    ],
  })
  class TestApplicationModule {}
  const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter(fastify);
  const app = await NestFactory.create(TestApplicationModule, adapter, {
    logger: process.env['REDIS_KIT_TEST_LOGS'] ? ['warn', 'error', 'log'] : false,
    abortOnError: false,
    forceCloseConnections: true,
  });
  configure(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { app, request: (path, init) => fetch(new URL(path, url), init) };
}

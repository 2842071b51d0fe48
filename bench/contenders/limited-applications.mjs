// @ts-check
import 'reflect-metadata';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { RateLimit, RedisKitModule } from '../../libs/redis-kit/dist/index.js';
import {
  RedisThrottlerModule,
  RedisThrottlerStorage,
} from '../../libs/redis-kit/dist/throttler/index.js';
import { libraryVersion, peerVersion } from '../lib/versions.mjs';

/**
 * @typedef {object} LimitedApplication
 * @property {string} url of a page that is limited
 * @property {() => Promise<void>} close
 *
 * @typedef {object} ApplicationContender
 * @property {string} name
 * @property {Record<string, string>} versions
 * @property {(redisUrl: string) => Promise<LimitedApplication>} open
 */

/** Never reached: what is measured is the counting. */
const LIMIT = 100_000_000;
const HOUR_MS = 3_600_000;

const nest = { '@nestjs/core': libraryVersion('@nestjs/core') };
const throttler = { ...nest, '@nestjs/throttler': libraryVersion('@nestjs/throttler') };
const redisKit = { ...nest, 'nestjs-redis-kit': libraryVersion('nestjs-redis-kit') };

/** @type {readonly ApplicationContender[]} */
export const applications = [
  // The same page without a limit: the difference is what a limit costs.
  { name: 'raw', versions: nest, open: () => serve([], []) },
  {
    name: 'redis-kit',
    versions: redisKit,
    open: (url) =>
      serve(
        [RedisKitModule.forRoot({ url, namespace: 'bench:guard', connect: 'require' })],
        [RateLimit({ policies: [{ name: 'page', limit: LIMIT, per: HOUR_MS }], by: 'ip' })],
      ),
  },
  {
    name: 'throttler-redis-kit',
    versions: { ...throttler, ...redisKit },
    open: (url) =>
      serve(
        [
          RedisKitModule.forRoot({ url, namespace: 'bench:throttler', connect: 'require' }),
          ThrottlerModule.forRootAsync({
            imports: [RedisThrottlerModule.forRoot()],
            inject: [RedisThrottlerStorage],
            useFactory: (/** @type {RedisThrottlerStorage} */ storage) => throttle(storage),
          }),
        ],
        [UseGuards(ThrottlerGuard)],
      ),
  },
  {
    name: 'throttler-nest-lab',
    versions: {
      ...throttler,
      '@nest-lab/throttler-storage-redis': peerVersion('@nest-lab/throttler-storage-redis'),
    },
    open: async (url) => {
      // It brings a driver of its own, and takes clients of no other.
      const storage = new ThrottlerStorageRedisService(url);
      const app = await serve(
        [ThrottlerModule.forRoot(throttle(storage))],
        [UseGuards(ThrottlerGuard)],
      );
      return { ...app, close: () => app.close().finally(() => storage.onModuleDestroy()) };
    },
  },
];

/** @param {import('@nestjs/throttler').ThrottlerStorage} storage */
const throttle = (storage) => ({ throttlers: [{ limit: LIMIT, ttl: HOUR_MS }], storage });

/**
 * An Express application with one page.
 * @param {NonNullable<import('@nestjs/common').ModuleMetadata['imports']>} imports
 * @param {readonly MethodDecorator[]} decorators of the page
 * @returns {Promise<LimitedApplication>}
 */
async function serve(imports, decorators) {
  class Pages {
    page() {
      return 'page';
    }
  }
  const method = Object.getOwnPropertyDescriptor(Pages.prototype, 'page') ?? {};
  for (const decorate of [Get(), ...decorators]) decorate(Pages.prototype, 'page', method);
  Object.defineProperty(Pages.prototype, 'page', method);
  Controller('page')(Pages);
  class BenchModule {}
  Module({ imports, controllers: [Pages] })(BenchModule);
  const app = await NestFactory.create(BenchModule, { logger: ['warn', 'error'] });
  await app.listen(0, '127.0.0.1');
  return { url: new URL('/page', await app.getUrl()).href, close: () => app.close() };
}

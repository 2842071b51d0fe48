// @ts-check
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cacheable, getCacheToken, RedisKitModule } from '../../libs/redis-kit/dist/index.js';
import { libraryVersion } from '../lib/versions.mjs';

/**
 * @typedef {import('../lib/read-through.mjs').Contender} Contender
 * @typedef {import('../lib/read-through.mjs').Setup} Setup
 * @typedef {import('../../libs/redis-kit/dist/index.js').CacheService} CacheService
 */

const versions = {
  'nestjs-redis-kit': libraryVersion('nestjs-redis-kit'),
  ioredis: libraryVersion('ioredis'),
  msgpackr: libraryVersion('msgpackr'),
  '@nestjs/core': libraryVersion('@nestjs/core'),
};

/** `CacheService.getOrSet`. */
/** @type {Contender} */
export const redisKit = {
  name: 'redis-kit',
  versions,
  open: async (setup) => {
    const app = await createApplication(setup);
    /** @type {CacheService} */
    const cache = app.get(getCacheToken('products'));
    return {
      readThrough: (id) => cache.getOrSet(`product:${id}`, () => setup.load(id)),
      close: () => app.close(),
    };
  },
};

/** The same through a method with `@Cacheable`. */
/** @type {Contender} */
export const redisKitCacheable = {
  name: 'redis-kit-cacheable',
  versions,
  open: async (setup) => {
    class ProductService {
      /** @param {string} id */
      find(id) {
        return setup.load(id);
      }
    }
    Injectable()(ProductService);
    // What a compiler makes of `@Cacheable({ … }) find(id)`.
    const method = Object.getOwnPropertyDescriptor(ProductService.prototype, 'find') ?? {};
    Cacheable({ cache: 'products', key: 'product:{id}' })(ProductService.prototype, 'find', method);
    Object.defineProperty(ProductService.prototype, 'find', method);

    const app = await createApplication(setup, [ProductService]);
    const products = app.get(ProductService);
    return { readThrough: (id) => products.find(id), close: () => app.close() };
  },
};

/**
 * @param {Setup} setup
 * @param {import('@nestjs/common').Provider[]} providers
 */
function createApplication({ name, url, ttlMs }, providers = []) {
  class BenchModule {}
  Module({
    imports: [
      RedisKitModule.forRoot({
        url,
        namespace: `bench:${name}`,
        connect: 'require',
        caches: { products: { ttl: ttlMs } },
      }),
    ],
    providers,
  })(BenchModule);
  return NestFactory.createApplicationContext(BenchModule, { logger: ['warn', 'error'] });
}

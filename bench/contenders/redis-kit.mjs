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

export const redisKitVersions = {
  'nestjs-redis-kit': libraryVersion('nestjs-redis-kit'),
  ioredis: libraryVersion('ioredis'),
  msgpackr: libraryVersion('msgpackr'),
  '@nestjs/core': libraryVersion('@nestjs/core'),
};

/** `CacheService.getOrSet`. */
/** @type {Contender} */
export const redisKit = {
  name: 'redis-kit',
  versions: redisKitVersions,
  open: async ({ name, url, ttlMs, load }) => {
    const { app, cache } = await openRedisKit({ name, url, options: { ttl: ttlMs } });
    return {
      readThrough: (id) => cache.getOrSet(`product:${id}`, () => load(id)),
      close: () => app.close(),
    };
  },
};

/** The same, asking Redis for the token of the cache each time. */
/** @type {Contender} */
export const redisKitStrict = {
  name: 'redis-kit-strict',
  versions: redisKitVersions,
  open: async ({ name, url, ttlMs, load }) => {
    const { app, cache } = await openRedisKit({ name, url, options: { ttl: ttlMs } });
    return {
      readThrough: (id) => cache.getOrSet(`product:${id}`, () => load(id), { strict: true }),
      close: () => app.close(),
    };
  },
};

/** The same through a method with `@Cacheable`. */
/** @type {Contender} */
export const redisKitCacheable = {
  name: 'redis-kit-cacheable',
  versions: redisKitVersions,
  open: async ({ name, url, ttlMs, load }) => {
    const Products = cacheableProvider(load, { key: 'product:{id}' });
    const { app } = await openRedisKit({ name, url, options: { ttl: ttlMs } }, [Products]);
    const products = app.get(Products);
    return { readThrough: (id) => products.find(id), close: () => app.close() };
  },
};

/**
 * A Nest application with a cache of these options.
 * @param {{ name: string, url: string, options?: import('../../libs/redis-kit/dist/index.js').CacheOptions }} setup
 * @param {import('@nestjs/common').Provider[]} [providers]
 */
export async function openRedisKit({ name, url, options = {} }, providers = []) {
  class BenchModule {}
  Module({
    imports: [
      RedisKitModule.forRoot({
        url,
        namespace: `bench:${name}`,
        connect: 'require',
        caches: { products: options },
      }),
    ],
    providers,
  })(BenchModule);
  const app = await NestFactory.createApplicationContext(BenchModule, {
    logger: ['warn', 'error'],
  });
  /** @type {CacheService} */
  const cache = app.get(getCacheToken('products'));
  return { app, cache };
}

/**
 * A provider with `@Cacheable` on its method `find`.
 * @template A
 * @param {(id: A) => Promise<unknown>} load
 * @param {import('../../libs/redis-kit/dist/index.js').CacheableOptions} options
 * @returns {new () => { find(id: A): Promise<unknown> }}
 */
export function cacheableProvider(load, options) {
  class ProductService {
    /** @param {A} id */
    find(id) {
      return load(id);
    }
  }
  Injectable()(ProductService);
  // What a compiler makes of `@Cacheable({ … }) find(id)`.
  const method = Object.getOwnPropertyDescriptor(ProductService.prototype, 'find') ?? {};
  Cacheable({ cache: 'products', ...options })(ProductService.prototype, 'find', method);
  Object.defineProperty(ProductService.prototype, 'find', method);
  return ProductService;
}

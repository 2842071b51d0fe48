// @ts-check
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CounterService,
  LeaderboardService,
  RedisKitModule,
} from '../../libs/redis-kit/dist/index.js';
import { Redis } from '../lib/library.mjs';
import { libraryVersion } from '../lib/versions.mjs';

/**
 * @typedef {object} Counting
 * @property {(name: string) => Promise<number>} add one, and answer the sum
 * @property {() => Promise<unknown>} close
 *
 * @typedef {object} CountingContender
 * @property {string} name
 * @property {Record<string, string>} versions
 * @property {(url: string) => Promise<Counting>} open
 */

const ioredis = { ioredis: libraryVersion('ioredis') };
const redisKit = { 'nestjs-redis-kit': libraryVersion('nestjs-redis-kit'), ...ioredis };

const DAY_MS = 24 * 60 * 60 * 1_000;
const BOARD = 'bench';
const BOARD_SIZE = 10_000;

/**
 * @param {string} name
 * @param {(redis: InstanceType<typeof Redis>, key: string) => Promise<unknown>} add
 * @returns {CountingContender}
 */
const plain = (name, add) => ({
  name,
  versions: ioredis,
  open: async (url) => {
    // RESP2 as in the library, so that the difference is the library's and not the protocol's.
    const redis = new Redis(url, { protocol: 2 });
    await redis.ping();
    return {
      add: async (key) => Number(await add(redis, `${name}:${key}`)),
      close: () => redis.quit(),
    };
  },
});

/**
 * @param {string} name
 * @param {(app: import('@nestjs/common').INestApplicationContext, key: string) => Promise<number>} add
 * @returns {CountingContender}
 */
const kit = (name, add) => ({
  name,
  versions: redisKit,
  open: async (url) => {
    class BenchModule {}
    Module({
      imports: [RedisKitModule.forRoot({ url, namespace: `bench:${name}`, connect: 'require' })],
    })(BenchModule);
    const app = await NestFactory.createApplicationContext(BenchModule, {
      logger: ['warn', 'error'],
    });
    return { add: (key) => add(app, key), close: () => app.close() };
  },
});

/** The replies of a pipeline, of which the first is the sum. */
const sumOf = (/** @type {[Error | null, unknown][] | null} */ replies) => replies?.[0]?.[1];

/** `raw` counts for ever; `raw-expiring` is what one writes so that keys end. */
export const counters = [
  plain('raw', (redis, key) => redis.incr(key)),
  plain('raw-expiring', async (redis, key) =>
    sumOf(await redis.pipeline().incr(key).pexpire(key, DAY_MS).exec()),
  ),
  kit('redis-kit', (app, key) => app.get(CounterService).increment(key)),
  kit('redis-kit-daily', (app, key) => app.get(CounterService).increment(key, { window: 'day' })),
];

/** `raw` grows for ever; `raw-bounded` is what one writes for a bounded board, the place of the member and an expiry. */
export const leaderboards = [
  plain('raw', (redis, key) => redis.zincrby('raw-board', 1, key)),
  plain('raw-bounded', async (redis, key) =>
    sumOf(
      await redis
        .pipeline()
        .zincrby('bounded-board', 1, key)
        .zremrangebyrank('bounded-board', 0, -BOARD_SIZE - 1)
        .zrevrank('bounded-board', key)
        .pexpire('bounded-board', DAY_MS)
        .exec(),
    ),
  ),
  kit('redis-kit', async (app, key) => {
    const entry = await app.get(LeaderboardService).incrementBy(BOARD, key, 1);
    return entry?.score ?? 0;
  }),
];

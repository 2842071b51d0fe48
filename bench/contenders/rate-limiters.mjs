// @ts-check
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { RateLimiter, RedisKitModule } from '../../libs/redis-kit/dist/index.js';
import { Redis } from '../lib/library.mjs';
import { libraryVersion, peerVersion } from '../lib/versions.mjs';

/**
 * @typedef {object} Policy
 * @property {string} name
 * @property {number} limit
 * @property {number} perMs
 *
 * @typedef {object} LimiterSetup
 * @property {string} name of the contender, for a key space of its own
 * @property {string} url
 * @property {readonly Policy[]} policies every request is held to
 *
 * @typedef {object} Limiter
 * @property {(key: string) => Promise<boolean>} consume whether all policies allow it
 * @property {() => Promise<unknown>} close
 *
 * @typedef {object} LimiterContender
 * @property {string} name
 * @property {Record<string, string>} versions
 * @property {(setup: LimiterSetup) => Promise<Limiter>} open
 */

// RESP2 as in the library, so that the difference is the library's and not the protocol's.
const PROTOCOL = /** @type {const} */ ({ protocol: 2 });
const ioredis = { ioredis: libraryVersion('ioredis') };

/** GCRA as one writes it by hand: no blocks, nothing said about what is left. */
const LUA = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now) + ARGV[1]
if full_at - now > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
return 1`;
const SHA1 = createHash('sha1').update(LUA).digest('hex');

/** One EVALSHA for each policy, in one write; not all or nothing. */
/** @type {LimiterContender} */
const raw = {
  name: 'raw',
  versions: ioredis,
  open: async ({ name, url, policies }) => {
    const redis = new Redis(url, PROTOCOL);
    await redis.script('LOAD', LUA);
    const plans = policies.map(({ name: policy, limit, perMs }) => {
      const unitUs = Math.ceil((perMs * 1_000) / limit);
      return { policy, unitUs, allUs: unitUs * limit };
    });
    return {
      async consume(key) {
        const replies = await Promise.all(
          plans.map(({ policy, unitUs, allUs }) =>
            redis.evalsha(SHA1, 1, `${name}:{${key}}:${policy}`, unitUs, allUs),
          ),
        );
        return replies.every((reply) => reply === 1);
      },
      close: () => redis.quit(),
    };
  },
};

/**
 * @param {string} name
 * @param {import('../../libs/redis-kit/dist/index.js').RateLimitOptions} options
 * @param {import('../../libs/redis-kit/dist/index.js').RateLimitAlgorithm} [algorithm]
 * @returns {LimiterContender}
 */
export const redisKit = (name, options = {}, algorithm = 'token-bucket') => ({
  name,
  versions: { 'nestjs-redis-kit': libraryVersion('nestjs-redis-kit'), ...ioredis },
  open: async ({ url, policies }) => {
    class BenchModule {}
    Module({
      imports: [
        RedisKitModule.forRoot({
          url,
          namespace: `bench:${name}`,
          connect: 'require',
          // A measurement decided by the insurance would be none.
          rateLimit: { deadline: '20s', onFailure: 'closed', ...options },
        }),
      ],
    })(BenchModule);
    const app = await NestFactory.createApplicationContext(BenchModule, {
      logger: ['warn', 'error'],
    });
    const limiter = app.get(RateLimiter);
    /** @type {import('../../libs/redis-kit/dist/index.js').RateLimitPolicy[]} */
    const limits = policies.map(({ name: policy, limit, perMs }) =>
      algorithm === 'concurrency'
        ? { name: policy, limit, algorithm, lease: '1d' }
        : { name: policy, limit, per: perMs, algorithm },
    );
    return {
      consume: async (key) => (await limiter.consume(key, limits)).allowed,
      close: () => app.close(),
    };
  },
});

/**
 * @param {string} name
 * @param {{ inMemoryBlock?: boolean }} options
 * @returns {LimiterContender}
 */
const rateLimiterFlexible = (name, { inMemoryBlock = false } = {}) => ({
  name,
  versions: { 'rate-limiter-flexible': peerVersion('rate-limiter-flexible') },
  open: async ({ url, policies }) => {
    const storeClient = new Redis(url, PROTOCOL);
    await storeClient.ping();
    const limiters = policies.map(
      ({ name: policy, limit, perMs }) =>
        new RateLimiterRedis({
          storeClient,
          keyPrefix: `${name}:${policy}`,
          points: limit,
          duration: perMs / 1_000,
          ...(inMemoryBlock && { inMemoryBlockOnConsumed: limit }),
        }),
    );
    return {
      async consume(key) {
        const outcomes = await Promise.allSettled(limiters.map((limiter) => limiter.consume(key)));
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected' && outcome.reason instanceof Error)
            throw outcome.reason;
        }
        return outcomes.every(({ status }) => status === 'fulfilled');
      },
      close: () => storeClient.quit(),
    };
  },
});

/** One policy after the other, as its guard asks. */
/** @type {LimiterContender} */
const nestLab = {
  name: 'nest-lab',
  versions: {
    '@nest-lab/throttler-storage-redis': peerVersion('@nest-lab/throttler-storage-redis'),
  },
  open: async ({ name, url, policies }) => {
    const storage = new ThrottlerStorageRedisService(url);
    return {
      async consume(key) {
        for (const { name: policy, limit, perMs } of policies) {
          const record = await storage.increment(`${name}:${key}`, perMs, limit, perMs, policy);
          if (record.isBlocked) return false;
        }
        return true;
      },
      close: async () => storage.onModuleDestroy(),
    };
  },
};

export const limiters = [
  raw,
  redisKit('redis-kit'),
  redisKit('redis-kit-no-deny-cache', { denyCache: { maxEntries: 0 } }),
  rateLimiterFlexible('rate-limiter-flexible'),
  rateLimiterFlexible('rate-limiter-flexible-block', { inMemoryBlock: true }),
  nestLab,
];

/** @type {Record<string, string>} */
export const limiterVersions = Object.assign({}, ...limiters.map(({ versions }) => versions));

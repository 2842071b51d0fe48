// @ts-check
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redlock } from '@sesamecare-oss/redlock';
import { Verrou } from '@verrou/core';
import { redisStore } from '@verrou/core/drivers/redis';
import { Redis as PeerRedis } from 'ioredis';
import { Mutex } from 'redis-semaphore';
import { LockService, RedisKitModule } from '../../libs/redis-kit/dist/index.js';
import { Redis } from '../lib/library.mjs';
import { libraryVersion, peerVersion } from '../lib/versions.mjs';

/**
 * @typedef {object} OpenLocks
 * @property {(name: string) => Promise<() => Promise<unknown>>} acquire waits as long as it takes; gives what releases it
 * @property {() => Promise<unknown>} close
 *
 * @typedef {object} LockContender
 * @property {string} name
 * @property {boolean} waits whether it can wait for a lock that is held
 * @property {Record<string, string>} versions
 * @property {(url: string) => Promise<OpenLocks>} open a client of its own, as another process has
 */

const LEASE_MS = 30_000;
const PATIENCE_MS = 120_000;

const TAKE = `if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end return 0`;
const GIVE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** The least one writes by hand: two scripts, no queue, no fence, no renewal. */
/** @type {LockContender} */
const raw = {
  name: 'raw',
  waits: false,
  versions: { ioredis: libraryVersion('ioredis') },
  open: async (url) => {
    const redis = new Redis(url, { protocol: 2 });
    const take = String(await redis.script('LOAD', TAKE));
    const give = String(await redis.script('LOAD', GIVE));
    let number = 0;
    return {
      acquire: async (name) => {
        const token = `token-${number++}`;
        if ((await redis.evalsha(take, 1, name, token, LEASE_MS)) !== 1) {
          throw new Error(`${name} is held`);
        }
        return () => redis.evalsha(give, 1, name, token);
      },
      close: () => redis.quit(),
    };
  },
};

/** @type {LockContender} */
const redisKit = {
  name: 'redis-kit',
  waits: true,
  versions: { 'nestjs-redis-kit': libraryVersion('nestjs-redis-kit') },
  open: async (url) => {
    class BenchModule {}
    const locks = { lease: LEASE_MS, wait: PATIENCE_MS };
    const root = RedisKitModule.forRoot({ url, namespace: 'bench', connect: 'require', locks });
    Module({ imports: [root] })(BenchModule);
    const app = await NestFactory.createApplicationContext(BenchModule, {
      logger: ['warn', 'error'],
    });
    const service = app.get(LockService);
    return {
      acquire: async (name) => {
        const lock = await service.acquire(name);
        return () => lock.release();
      },
      close: () => app.close(),
    };
  },
};

/** @type {LockContender} */
const redlock = {
  name: '@sesamecare-oss/redlock',
  waits: true,
  versions: { '@sesamecare-oss/redlock': peerVersion('@sesamecare-oss/redlock') },
  open: async (url) => {
    const redis = new PeerRedis(url);
    // As it comes, but for the number of attempts: everybody is to get the lock in the end.
    const client = new Redlock([redis], { retryCount: -1 });
    return {
      acquire: async (name) => {
        const lock = await client.acquire([name], LEASE_MS);
        return () => lock.release();
      },
      close: () => redis.quit(),
    };
  },
};

/** @type {LockContender} */
const redisSemaphore = {
  name: 'redis-semaphore',
  waits: true,
  versions: { 'redis-semaphore': peerVersion('redis-semaphore') },
  open: async (url) => {
    const redis = new PeerRedis(url);
    return {
      acquire: async (name) => {
        const options = { lockTimeout: LEASE_MS, acquireTimeout: PATIENCE_MS };
        const mutex = new Mutex(redis, name, options);
        await mutex.acquire();
        return () => mutex.release();
      },
      close: () => redis.quit(),
    };
  },
};

/** @type {LockContender} */
const verrou = {
  name: '@verrou/core',
  waits: true,
  versions: { '@verrou/core': peerVersion('@verrou/core') },
  open: async (url) => {
    const redis = new PeerRedis(url);
    const drivers = { redis: { driver: redisStore({ connection: redis }) } };
    const factory = new Verrou({ default: 'redis', stores: drivers });
    return {
      acquire: async (name) => {
        const lock = factory.createLock(name, LEASE_MS);
        if (!(await lock.acquire({ retry: { timeout: PATIENCE_MS } }))) {
          throw new Error(`${name} was not acquired`);
        }
        return () => lock.release();
      },
      close: () => redis.quit(),
    };
  },
};

export const lockContenders = [raw, redisKit, redlock, redisSemaphore, verrou];

/** @type {Record<string, string>} */
export const lockVersions = Object.assign({}, ...lockContenders.map(({ versions }) => versions));

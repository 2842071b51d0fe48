import { Redis } from 'ioredis';
import { CacheService, RedisKitEvents, type CacheOptions } from 'nestjs-redis-kit';
import {
  eventually,
  isolatedNamespace,
  type RedisServer,
  type ServerAddress,
} from 'nestjs-redis-kit/testing';
import { resolveCacheOptions } from '../../libs/redis-kit/src/cache/cache.options.js';
import { RedisCacheStore } from '../../libs/redis-kit/src/cache/stores/redis-cache.store.js';
import { RedisConnections } from '../../libs/redis-kit/src/core/connections/redis-connections.js';
import { Tracking } from '../../libs/redis-kit/src/core/connections/tracking.js';
import { KeySpace } from '../../libs/redis-kit/src/core/key-space.js';
import { startApplication } from './application.js';
import { gate } from './gate.js';

/** Holds calls up until it is opened. */
export interface Barrier {
  /** Resolves when somebody stands before it. */
  readonly reached: Promise<void>;
  open(): void;
}

type HeldStep = 'put' | 'remove' | 'expire' | 'write' | 'batch' | 'read' | 'readMany' | 'life';

/** A store on Redis whose steps can be held up: a command before it is sent, or a reply after it came. */
class HeldStore extends RedisCacheStore {
  readonly #barriers = new Map<HeldStep, () => Promise<void>>();

  /** Holds the next call of this step. */
  hold(step: HeldStep): Barrier {
    const { entered, factory, open } = gate<void>();
    this.#barriers.set(step, factory);
    return { reached: entered, open: () => open(undefined) };
  }

  override async put(...args: Parameters<RedisCacheStore['put']>): Promise<void> {
    await this.#pass('put');
    return super.put(...args);
  }

  override async remove(...args: Parameters<RedisCacheStore['remove']>) {
    await this.#pass('remove');
    return super.remove(...args);
  }

  override async expire(...args: Parameters<RedisCacheStore['expire']>) {
    await this.#pass('expire');
    return super.expire(...args);
  }

  override async write(...args: Parameters<RedisCacheStore['write']>) {
    await this.#pass('write');
    return super.write(...args);
  }

  override async batch(...args: Parameters<RedisCacheStore['batch']>) {
    await this.#pass('batch');
    return super.batch(...args);
  }

  override async readMany(...args: Parameters<RedisCacheStore['readMany']>) {
    const reply = await super.readMany(...args);
    await this.#pass('readMany');
    return reply;
  }

  override async read(...args: Parameters<RedisCacheStore['read']>) {
    const reply = await super.read(...args);
    await this.#pass('read');
    return reply;
  }

  override async life(...args: Parameters<RedisCacheStore['life']>) {
    const reply = await super.life(...args);
    await this.#pass('life');
    return reply;
  }

  async #pass(step: HeldStep): Promise<void> {
    const wait = this.#barriers.get(step);
    this.#barriers.delete(step);
    await wait?.();
  }
}

export interface CacheWithLink extends AsyncDisposable {
  readonly cache: CacheService;
  readonly store: HeldStore;
  readonly tracking: Tracking;
  readonly events: RedisKitEvents;
  readonly namespace: string;
  /** Every changed key that the tracking link told of, in order. */
  readonly heard: string[];
  entryKey(key: string): string;
  tagKey(tag: string): string;
  /** Resolves when the link has told of a change that `act` makes. */
  untilHeard(key: string, act: () => Promise<unknown>): Promise<void>;
  /** Where a read of the key is served from now; undefined is a miss. */
  tierOf(key: string): Promise<string | undefined>;
  /** Resolves when a read of the key is served from memory. */
  remembered(key: string): Promise<void>;
}

/**
 * An L1 cache of which the ordinary connection and the tracking link go separate ways, so that one of them can be late,
 * or lead elsewhere.
 *
 * @param linkTo where the tracking link leads; asked each time it is opened.
 */
export async function startCacheWithLink(
  server: RedisServer,
  linkTo: () => ServerAddress,
  options: CacheOptions = {},
): Promise<CacheWithLink> {
  const namespace = isolatedNamespace();
  const app = await startApplication({
    namespace,
    url: server.url,
    caches: { default: { tracking: false } },
  });
  const connection = app.get(RedisConnections).get();
  const events = app.get(RedisKitEvents);
  const keySpace = new KeySpace(namespace);
  let probes = 0;
  const tracking = new Tracking({
    connection: 'default',
    events,
    isConnected: () => true,
    masters: () => [''],
    open: () => {
      const { host, port } = linkTo();
      return new Redis({
        host,
        port,
        lazyConnect: true,
        protocol: 2,
        retryStrategy: () => null,
        disconnectTimeout: 200,
      });
    },
    probeKey: () => keySpace.key('cache-probe', 'test', String(probes++)),
    writeProbe: (key) => (connection.cache as Redis).set(key, '', 'PX', 5_000),
  });
  const heard: string[] = [];
  tracking.onChange((key) => heard.push(key));
  const store = new HeldStore(connection, () => undefined);
  const cache = new CacheService({
    name: 'default',
    options: resolveCacheOptions({
      l1: {},
      deadline: '10s',
      invalidationDeadline: '10s',
      ...options,
    }),
    store,
    keySpace,
    events,
    tracking,
  });
  const tierOf = async (key: string) => {
    let served: string | undefined;
    const stop = events.on('cache.hit', ({ tier }) => (served = tier));
    await cache.get(key);
    stop();
    return served;
  };
  return {
    cache,
    store,
    tracking,
    events,
    namespace,
    heard,
    entryKey: (key) => `${namespace}:v1:cache:{default:${key}}`,
    tagKey: (tag) => `${namespace}:v1:cache-tag:{default:${tag}}`,
    untilHeard: async (key, act) => {
      const before = heard.length;
      await act();
      await eventually(() => heard.includes(key, before), { within: 30_000 });
    },
    tierOf,
    remembered: async (key) => {
      await eventually(async () => (await tierOf(key)) === 'memory');
    },
    [Symbol.asyncDispose]: async () => {
      await cache.close();
      await tracking.close();
      await app.close();
    },
  };
}

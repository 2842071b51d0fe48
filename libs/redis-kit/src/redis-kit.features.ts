import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { resolveCacheOptions } from './cache/cache.options.js';
import { Caches } from './cache/caches.js';
import { RedisConnections } from './core/connections/redis-connections.js';
import { Counters } from './counters/counters.js';
import { RedisKitEvents } from './core/events.js';
import { KeySpace } from './core/key-space.js';
import { Lifecycle } from './core/lifecycle.js';
import { MemoryAdvice, type KeptThere } from './core/memory-advice.js';
import { FencedWriter, RedisFencedWriter } from './lock/fenced-writer.js';
import { LockService } from './lock/lock.service.js';
import { redisLockService } from './lock/redis-lock-service.js';
import { RedisTicks, Ticks } from './lock/ticks.js';
import { createRateLimiter } from './rate-limit/create-rate-limiter.js';
import { RateLimiter } from './rate-limit/rate-limiter.js';
import type { ResolvedRedisKitOptions } from './redis-kit.options.js';
import {
  COUNTER_SERVICES,
  lockProviders,
  REQUEST_LIMITS,
  RESOLVED_OPTIONS,
  STREAM_SERVICES,
} from './redis-kit.providers.js';
import { Streams } from './streams/streams.js';

/** The capabilities on Redis, one after the other. Each one registers with `Lifecycle` what it has to end. */
export const FEATURES: readonly Provider[] = [
  {
    provide: Caches,
    inject: [RedisConnections, KeySpace, RedisKitEvents, Lifecycle],
    useFactory: (
      connections: RedisConnections,
      keySpace: KeySpace,
      events: RedisKitEvents,
      lifecycle: Lifecycle,
    ) => {
      const caches = new Caches({ connections, keySpace, events });
      lifecycle.register({ name: 'cache', drain: () => caches.close() });
      return caches;
    },
  },
  {
    provide: RateLimiter,
    inject: [RESOLVED_OPTIONS, RedisConnections, KeySpace, RedisKitEvents, Lifecycle],
    useFactory: (
      { rateLimit }: ResolvedRedisKitOptions,
      connections: RedisConnections,
      keySpace: KeySpace,
      events: RedisKitEvents,
      lifecycle: Lifecycle,
    ) => {
      const limiter = createRateLimiter({ options: rateLimit, connections, keySpace, events });
      lifecycle.register({ name: 'rate limits', stopIntake: () => limiter.endWaits() });
      return limiter;
    },
  },
  REQUEST_LIMITS,
  {
    provide: Counters,
    inject: [RESOLVED_OPTIONS, RedisConnections, KeySpace, RedisKitEvents, Lifecycle],
    useFactory: (
      { counters: options, leaderboards, requestTracking }: ResolvedRedisKitOptions,
      connections: RedisConnections,
      keySpace: KeySpace,
      events: RedisKitEvents,
      lifecycle: Lifecycle,
    ) => {
      const made = { connections, keySpace, events, options, leaderboards, requestTracking };
      const counters = new Counters(made);
      lifecycle.register({ name: 'counters', drain: () => counters.drain() });
      return counters;
    },
  },
  {
    provide: LockService,
    inject: [RESOLVED_OPTIONS, RedisConnections, KeySpace, RedisKitEvents, Lifecycle],
    useFactory: (
      { locks, shutdownTimeoutMs }: ResolvedRedisKitOptions,
      connections: RedisConnections,
      keySpace: KeySpace,
      events: RedisKitEvents,
      lifecycle: Lifecycle,
    ) => {
      const service = redisLockService(locks, connections.get(locks.connection), keySpace, events);
      lifecycle.register({ name: 'locks', drain: () => service.close(shutdownTimeoutMs / 2) });
      return service;
    },
  },
  {
    provide: Ticks,
    inject: [RESOLVED_OPTIONS, RedisConnections, KeySpace],
    useFactory: (
      { locks }: ResolvedRedisKitOptions,
      connections: RedisConnections,
      keySpace: KeySpace,
    ) => new RedisTicks(connections.get(locks.connection), keySpace),
  },
  {
    provide: FencedWriter,
    inject: [RESOLVED_OPTIONS, RedisConnections, KeySpace],
    useFactory: (
      { locks }: ResolvedRedisKitOptions,
      connections: RedisConnections,
      keySpace: KeySpace,
    ) => new RedisFencedWriter(connections.get(locks.connection), keySpace),
  },
  {
    provide: Streams,
    inject: [
      RESOLVED_OPTIONS,
      RedisConnections,
      KeySpace,
      RedisKitEvents,
      Lifecycle,
      ModulesContainer,
    ],
    useFactory: (
      { streams: options }: ResolvedRedisKitOptions,
      connections: RedisConnections,
      keySpace: KeySpace,
      events: RedisKitEvents,
      lifecycle: Lifecycle,
      modules: ModulesContainer,
    ) => {
      const streams = new Streams({ connections, keySpace, events, options, modules });
      lifecycle.register({
        name: 'streams',
        stopIntake: () => streams.stopIntake(),
        drain: () => streams.drain(),
      });
      return streams;
    },
  },
  {
    provide: MemoryAdvice,
    inject: [RESOLVED_OPTIONS, RedisConnections],
    useFactory: (options: ResolvedRedisKitOptions, connections: RedisConnections) =>
      new MemoryAdvice(
        [...options.connections.keys()].map((name) => keptThere(options, connections, name)),
      ),
  },
  ...COUNTER_SERVICES,
  ...lockProviders,
  ...STREAM_SERVICES,
];

/** What the features keep through one connection. */
function keptThere(
  { caches, counters, locks, rateLimit }: ResolvedRedisKitOptions,
  connections: RedisConnections,
  name: string,
): KeptThere {
  const precious = Object.entries({
    locks: locks.connection,
    'rate limits': rateLimit.connection,
    'counters, leaderboards': counters.connection,
  });
  return {
    connection: connections.get(name),
    precious: precious.filter(([, connection]) => connection === name).map(([what]) => what),
    hasCaches: [...caches.values()].some((cache) => {
      const { connection, store } = resolveCacheOptions(cache);
      return store === 'redis' && connection === name;
    }),
  };
}

import type { Provider } from '@nestjs/common';
import { cacheHealth } from './cache/cache-health.js';
import { ModulesContainer } from '@nestjs/core';
import { resolveCacheOptions } from './cache/cache.options.js';
import { Caches } from './cache/caches.js';
import { RedisConnections } from './core/connections/redis-connections.js';
import { Counters } from './counters/counters.js';
import { RedisKitEvents } from './core/events.js';
import { FeatureHealthChecks } from './core/feature-health.js';
import { ChannelLayer } from './events/channels/channel-layer.js';
import { RedisChannelTransport } from './events/channels/channel-transport.js';
import { RedisEventBus } from './events/redis-event-bus.js';
import { RedisEventTransport } from './events/redis-event-transport.js';
import { Tracing } from './events/tracing.js';
import { KeySpace } from './core/key-space.js';
import { Lifecycle } from './core/lifecycle.js';
import { MemoryAdvice, type KeptThere } from './core/memory-advice.js';
import { FencedWriter, RedisFencedWriter } from './lock/fenced-writer.js';
import { LockService } from './lock/lock.service.js';
import { redisLockService } from './lock/redis-lock-service.js';
import { RedisTicks, Ticks } from './lock/ticks.js';
import { startCommandTelemetry } from './monitoring/command-telemetry.js';
import { RedisMonitor } from './monitoring/redis-monitor.js';
import { createRateLimiter } from './rate-limit/create-rate-limiter.js';
import { RateLimiter } from './rate-limit/rate-limiter.js';
import type { ResolvedRedisKitOptions } from './redis-kit.options.js';
import {
  COUNTER_SERVICES,
  EVENT_HANDLERS,
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
    inject: [RedisConnections, KeySpace, RedisKitEvents, Lifecycle, FeatureHealthChecks],
    useFactory: (
      connections: RedisConnections,
      keySpace: KeySpace,
      events: RedisKitEvents,
      lifecycle: Lifecycle,
      health: FeatureHealthChecks,
    ) => {
      const caches = new Caches({ connections, keySpace, events });
      health.register('caches', (connection) => cacheHealth(caches, connection));
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
    provide: RedisMonitor,
    inject: [RESOLVED_OPTIONS, RedisConnections, KeySpace, FeatureHealthChecks, Lifecycle],
    useFactory: async (
      { monitoring: options }: ResolvedRedisKitOptions,
      connections: RedisConnections,
      keySpace: KeySpace,
      features: FeatureHealthChecks,
      lifecycle: Lifecycle,
    ) => {
      if (options.telemetry) {
        const end = await startCommandTelemetry();
        lifecycle.register({ name: 'telemetry', drain: async () => end() });
      }
      return new RedisMonitor({ options, connections, keySpace, features });
    },
  },
  {
    provide: RedisEventBus,
    inject: [RESOLVED_OPTIONS, RedisConnections, KeySpace, RedisKitEvents, Lifecycle],
    useFactory: async (
      { events: options }: ResolvedRedisKitOptions,
      connections: RedisConnections,
      keySpace: KeySpace,
      events: RedisKitEvents,
      lifecycle: Lifecycle,
    ) => {
      const connection = connections.get(options.connection);
      const transport = new RedisEventTransport(connection, keySpace, options);
      const bus = new RedisEventBus({ options, transport, events, tracing: await Tracing.load() });
      lifecycle.register({ name: 'events', drain: () => bus.drain() });
      return bus;
    },
  },
  {
    provide: ChannelLayer,
    inject: [RESOLVED_OPTIONS, RedisConnections, KeySpace, RedisKitEvents, Lifecycle],
    useFactory: (
      { channelLayer: options }: ResolvedRedisKitOptions,
      connections: RedisConnections,
      keySpace: KeySpace,
      events: RedisKitEvents,
      lifecycle: Lifecycle,
    ) => {
      const connection = connections.get(options.connection);
      const transport = new RedisChannelTransport(connection, options.deadlineMs);
      const layer = new ChannelLayer({ options, transport, keySpace, events });
      lifecycle.register({ name: 'channels', drain: async () => layer.flush() });
      return layer;
    },
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
  ...EVENT_HANDLERS,
  ...STREAM_SERVICES,
];

/** What the features keep through one connection. */
function keptThere(
  { caches, counters, events, locks, rateLimit }: ResolvedRedisKitOptions,
  connections: RedisConnections,
  name: string,
): KeptThere {
  const precious = Object.entries({
    locks: locks.connection,
    'rate limits': rateLimit.connection,
    'counters, leaderboards': counters.connection,
    'the history of events': events.connection,
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

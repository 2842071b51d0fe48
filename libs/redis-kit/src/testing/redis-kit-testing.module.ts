import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CacheOptions } from '../cache/cache.options.js';
import { Caches } from '../cache/caches.js';
import { CounterOptions, RequestTrackingOptions } from '../counters/counters.options.js';
import { Counters } from '../counters/counters.js';
import { LeaderboardOptions } from '../counters/leaderboard.options.js';
import { getRedisToken } from '../core/connections/inject-redis.decorator.js';
import { RedisConnections } from '../core/connections/redis-connections.js';
import { RedisKitEvents, type RedisKitListeners } from '../core/events.js';
import { FeatureHealthChecks } from '../core/feature-health.js';
import { KeySpace } from '../core/key-space.js';
import { ChannelLayer } from '../events/channels/channel-layer.js';
import { MemoryChannelTransport } from '../events/channels/channel-transport.js';
import { ChannelLayerOptions } from '../events/channels/channels.options.js';
import { EventsOptions } from '../events/events.options.js';
import { MemoryEventTransport } from '../events/memory-event-transport.js';
import { RedisEventBus } from '../events/redis-event-bus.js';
import { Tracing } from '../events/tracing.js';
import { FencedWriter, MemoryFencedWriter } from '../lock/fenced-writer.js';
import { LocksOptions } from '../lock/lock.options.js';
import { LockService } from '../lock/lock.service.js';
import { memoryLockService } from '../lock/memory-lock-service.js';
import { MemoryTicks, Ticks } from '../lock/ticks.js';
import { Is } from '../core/options/constraints.js';
import { Nested, NestedRecord } from '../core/options/nested.js';
import { validateOptions } from '../core/options/validate-options.js';
import { WITHOUT_REDIS } from '../core/without-redis.js';
import { RedisMonitor } from '../monitoring/redis-monitor.js';
import { createRateLimiter } from '../rate-limit/create-rate-limiter.js';
import { RateLimitOptions } from '../rate-limit/rate-limit.options.js';
import { RateLimiter } from '../rate-limit/rate-limiter.js';
import {
  isListeners,
  resolveRedisKitOptions,
  type ResolvedRedisKitOptions,
} from '../redis-kit.options.js';
import {
  cacheProviders,
  COUNTER_SERVICES,
  EVENT_HANDLERS,
  FOUNDATION,
  lockProviders,
  REQUEST_LIMITS,
  RESOLVED_OPTIONS,
  STREAM_SERVICES,
  tokenOf,
} from '../redis-kit.providers.js';
import { MemoryStreams } from './memory-streams.js';
import { Streams } from '../streams/streams.js';
import { StreamsOptions } from '../streams/streams.options.js';
import { noRedis } from './no-redis.js';

/** Options of `RedisKitTestingModule.forRoot()`. All have defaults. */
export class RedisKitTestingOptions {
  /** Caches by name, with the options the application gives them. They live in memory whatever their `store` is. */
  @NestedRecord(() => CacheOptions)
  caches?: Record<string, CacheOptions> | undefined;

  /** Options of locks, as the application gives them. */
  @Nested(() => LocksOptions)
  locks?: LocksOptions | undefined;

  /** Options of the event bus, as the application gives them. Events come to the handlers of the test. */
  @Nested(() => EventsOptions)
  events?: EventsOptions | undefined;

  /** Options of the channel layer, as the application gives them. */
  @Nested(() => ChannelLayerOptions)
  channelLayer?: ChannelLayerOptions | undefined;
  /** Options of streams, as the application gives them. */
  @Nested(() => StreamsOptions)
  streams?: StreamsOptions | undefined;

  /** Names of the connections besides `default` that the tested classes inject. */
  @Is(
    'a list of names',
    (names) => Array.isArray(names) && names.every((name) => typeof name === 'string'),
  )
  connectionNames?: readonly string[] | undefined;

  /** Rate limits, with the options the application gives them. They count in memory. */
  @Nested(() => RateLimitOptions)
  rateLimit?: RateLimitOptions | undefined;

  /** Options of counters, as the application gives them. Their `connection` is not asked for. */
  @Nested(() => CounterOptions)
  counters?: CounterOptions | undefined;

  /** Leaderboards by name, with the options the application gives them. */
  @NestedRecord(() => LeaderboardOptions)
  leaderboards?: Record<string, LeaderboardOptions> | undefined;

  /** Options of request tracking, as the application gives them. */
  @Nested(() => RequestTrackingOptions)
  requestTracking?: RequestTrackingOptions | undefined;

  /** Listeners by event name. */
  @Is('an object of functions by event name', isListeners)
  onEvents?: RedisKitListeners | undefined;
}

/**
 * The suite for unit tests: the same services and decorators, in memory, without Redis.
 *
 * Import it in place of `RedisKitModule.forRoot()`; `RedisKitModule.forFeature()` works beside it. What `@InjectRedis()`
 * injects throws when it is used. Nothing survives the test: no timer, no connection, no shared state.
 */
@Module({})
export class RedisKitTestingModule {
  /** @throws ConfigurationError listing every wrong option. */
  static forRoot(options: RedisKitTestingOptions = {}): DynamicModule {
    const {
      caches = {},
      connectionNames = [],
      rateLimit = {},
      onEvents = {},
      counters = {},
      leaderboards = {},
      requestTracking = {},
      locks = {},
      events = {},
      channelLayer = {},
      streams = {},
    } = validateOptions(RedisKitTestingOptions, options, 'RedisKitTestingModule.forRoot()');
    const connections = Object.fromEntries(connectionNames.map((name) => [name, {}]));
    // The environment has no say in what a test does.
    const resolved = resolveRedisKitOptions(
      {
        namespace: 'testing',
        connections,
        caches,
        rateLimit,
        onEvents,
        counters: { ...counters, connection: 'default' },
        leaderboards,
        requestTracking,
        locks: { ...locks, connection: undefined },
        events: { ...events, connection: undefined },
        channelLayer: { ...channelLayer, connection: undefined },
        streams: { ...streams, connection: 'default' },
      },
      {},
    );
    const exported: Provider[] = [
      ...FOUNDATION,
      { provide: RedisConnections, useValue: noRedis('RedisConnections') },
      { provide: WITHOUT_REDIS, useValue: true },
      {
        provide: Caches,
        inject: [KeySpace, RedisKitEvents],
        useFactory: (keySpace: KeySpace, events: RedisKitEvents) =>
          new Caches({ connections: undefined, keySpace, events }),
      },
      {
        provide: RateLimiter,
        inject: [RESOLVED_OPTIONS, KeySpace, RedisKitEvents],
        useFactory: (
          { rateLimit }: ResolvedRedisKitOptions,
          keySpace: KeySpace,
          events: RedisKitEvents,
        ) => createRateLimiter({ options: rateLimit, connections: undefined, keySpace, events }),
      },
      REQUEST_LIMITS,
      {
        provide: Counters,
        inject: [RESOLVED_OPTIONS, KeySpace, RedisKitEvents],
        useFactory: (
          { counters: options, ...rest }: ResolvedRedisKitOptions,
          keySpace: KeySpace,
          events: RedisKitEvents,
        ) => new Counters({ ...rest, connections: undefined, keySpace, events, options }),
      },
      ...COUNTER_SERVICES,
      {
        provide: LockService,
        inject: [RESOLVED_OPTIONS, RedisKitEvents],
        useFactory: (options: ResolvedRedisKitOptions, events: RedisKitEvents) =>
          memoryLockService(options.locks, events),
      },
      {
        provide: RedisEventBus,
        inject: [RESOLVED_OPTIONS, RedisKitEvents],
        useFactory: async (options: ResolvedRedisKitOptions, events: RedisKitEvents) =>
          new RedisEventBus({
            options: options.events,
            transport: new MemoryEventTransport(),
            events,
            tracing: await Tracing.load(),
          }),
      },
      ...EVENT_HANDLERS,
      {
        provide: ChannelLayer,
        inject: [RESOLVED_OPTIONS, KeySpace, RedisKitEvents],
        useFactory: (
          options: ResolvedRedisKitOptions,
          keySpace: KeySpace,
          events: RedisKitEvents,
        ) =>
          new ChannelLayer({
            options: options.channelLayer,
            transport: new MemoryChannelTransport(),
            keySpace,
            events,
          }),
      },
      { provide: FencedWriter, useClass: MemoryFencedWriter },
      { provide: Ticks, useValue: new MemoryTicks() },
      {
        provide: RedisMonitor,
        inject: [RESOLVED_OPTIONS, KeySpace, FeatureHealthChecks],
        useFactory: (
          { monitoring: options }: ResolvedRedisKitOptions,
          keySpace: KeySpace,
          features: FeatureHealthChecks,
        ) => new RedisMonitor({ options, connections: undefined, keySpace, features }),
      },
      ...lockProviders,
      {
        provide: Streams,
        inject: [RESOLVED_OPTIONS, KeySpace, RedisKitEvents, ModulesContainer],
        useFactory: (
          { streams: options }: ResolvedRedisKitOptions,
          keySpace: KeySpace,
          events: RedisKitEvents,
          modules: ModulesContainer,
        ) => new MemoryStreams({ connections: undefined, keySpace, events, options, modules }),
      },
      ...STREAM_SERVICES,
      ...cacheProviders([...resolved.caches.keys()]),
      ...[...resolved.connections.keys()].map((name) => ({
        provide: getRedisToken(name),
        useValue: noRedis(name === 'default' ? 'getRedisToken()' : `getRedisToken('${name}')`),
      })),
    ];
    return {
      module: RedisKitTestingModule,
      global: true,
      providers: [{ provide: RESOLVED_OPTIONS, useValue: resolved }, ...exported],
      exports: exported.map(tokenOf),
    };
  }
}

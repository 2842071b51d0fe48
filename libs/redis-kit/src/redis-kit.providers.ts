import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CacheService } from './cache/cache.service.js';
import { Caches, getCacheToken } from './cache/caches.js';
import { CounterService } from './counters/counter.service.js';
import { Counters } from './counters/counters.js';
import { LeaderboardService } from './counters/leaderboard.service.js';
import { RequestLog } from './counters/requests/request-log.js';
import { RequestStats } from './counters/requests/request-stats.js';
import { RedisConnections } from './core/connections/redis-connections.js';
import { WITHOUT_REDIS } from './core/without-redis.js';
import { RedisKitEvents, type RedisKitEvent, type RedisKitListener } from './core/events.js';
import { FeatureHealthChecks } from './core/feature-health.js';
import { EventExplorer } from './events/event-explorer.js';
import { EVENT_BUS } from './events/on-redis-event.decorator.js';
import { RedisEventBus } from './events/redis-event-bus.js';
import { KeySpace } from './core/key-space.js';
import { LockService } from './lock/lock.service.js';
import { JOB_GUARD } from './lock/run-once.decorator.js';
import { JobGuard } from './lock/run-once.js';
import { Ticks } from './lock/ticks.js';
import { LOCKS } from './lock/with-lock.decorator.js';
import { RequestLimits } from './rate-limit/http/request-limits.js';
import { RateLimiter } from './rate-limit/rate-limiter.js';
import type { ResolvedRedisKitOptions } from './redis-kit.options.js';
import { EventStore } from './streams/event-store.js';
import { DeadLetters } from './streams/processing/dead-letters.js';
import { EventProcessor } from './streams/processing/event-processor.js';
import { Inbox } from './streams/processing/inbox.js';
import { EVENT_PROCESSOR } from './streams/processing/stream-handler.decorator.js';
import { Streams } from './streams/streams.js';

export const RESOLVED_OPTIONS = Symbol('redis-kit:options');

/** What every set-up of the suite has, with Redis or without: made of the resolved options alone. */
export const FOUNDATION: readonly Provider[] = [
  {
    provide: RedisKitEvents,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ onEvents }: ResolvedRedisKitOptions) => {
      const events = new RedisKitEvents();
      for (const [event, listener] of Object.entries(onEvents)) {
        events.on(event as RedisKitEvent, listener as RedisKitListener<RedisKitEvent>);
      }
      return events;
    },
  },
  {
    provide: KeySpace,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ namespace }: ResolvedRedisKitOptions) => new KeySpace(namespace),
  },
  { provide: FeatureHealthChecks, useFactory: () => new FeatureHealthChecks() },
];

/** What `@RateLimit()` and its guard work with. Needs `RateLimiter` beside it. */
export const REQUEST_LIMITS: Provider = {
  provide: RequestLimits,
  inject: [RateLimiter, RedisKitEvents, RESOLVED_OPTIONS, ModulesContainer],
  useFactory: (
    limiter: RateLimiter,
    events: RedisKitEvents,
    { rateLimit: { http, onFailure } }: ResolvedRedisKitOptions,
    modules: ModulesContainer,
  ) => new RequestLimits({ limiter, events, http, onFailure, modules }),
};

/** The caches of these names, and the default one under its class. They need `Caches` beside them. */
export const cacheProviders = (names: readonly string[]): Provider[] => [
  { provide: CacheService, useExisting: getCacheToken() },
  ...names.map((name) => ({
    provide: getCacheToken(name),
    inject: [Caches, RESOLVED_OPTIONS],
    useFactory: (caches: Caches, resolved: ResolvedRedisKitOptions) =>
      caches.create(name, resolved.caches.get(name) ?? {}),
  })),
];

/** What counts, each under its class. They need `Counters` beside them. */
export const COUNTER_SERVICES: readonly Provider[] = [
  { provide: CounterService, inject: [Counters], useFactory: ({ service }: Counters) => service },
  {
    provide: LeaderboardService,
    inject: [Counters],
    useFactory: ({ leaderboards }: Counters) => leaderboards,
  },
  { provide: RequestLog, inject: [Counters], useFactory: ({ requestLog }: Counters) => requestLog },
  {
    provide: RequestStats,
    inject: [Counters],
    useFactory: ({ requestStats }: Counters) => requestStats,
  },
];

/** What decorators of locks and jobs find their services by. They need `LockService` and `Ticks` beside them. */
export const lockProviders: readonly Provider[] = [
  { provide: LOCKS, useExisting: LockService },
  {
    provide: JOB_GUARD,
    inject: [LockService, Ticks, RedisKitEvents],
    useFactory: (locks: LockService, ticks: Ticks, events: RedisKitEvents) =>
      new JobGuard(locks, ticks, events),
  },
];

/** What subscribes the handlers of events. They need `RedisEventBus` beside them. */
export const EVENT_HANDLERS: readonly Provider[] = [
  { provide: EVENT_BUS, useExisting: RedisEventBus },
  {
    provide: EventExplorer,
    inject: [
      RESOLVED_OPTIONS,
      RedisEventBus,
      ModulesContainer,
      RedisConnections,
      { token: WITHOUT_REDIS, optional: true },
    ],
    useFactory: (
      { connect }: ResolvedRedisKitOptions,
      bus: RedisEventBus,
      modules: ModulesContainer,
      connections: RedisConnections,
      isWithoutRedis?: true,
    ) =>
      new EventExplorer(bus, modules, connect === 'require', async () => {
        if (!isWithoutRedis) await connections.close(0);
      }),
  },
];

/** What works with streams, each under its class. They need `Streams` beside them. */
export const STREAM_SERVICES: readonly Provider[] = [
  { provide: EventStore, inject: [Streams], useFactory: ({ store }: Streams) => store },
  {
    provide: EventProcessor,
    inject: [Streams],
    useFactory: ({ processor }: Streams) => processor,
  },
  { provide: EVENT_PROCESSOR, useExisting: EventProcessor },
  { provide: DeadLetters, inject: [Streams], useFactory: (all: Streams) => all.deadLetters },
  { provide: Inbox, inject: [Streams], useFactory: ({ inbox }: Streams) => inbox },
];

export const tokenOf = (provider: Provider) =>
  typeof provider === 'function' ? provider : provider.provide;

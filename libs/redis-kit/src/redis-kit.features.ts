import type { Provider } from '@nestjs/common';
import { Caches } from './cache/caches.js';
import { RedisConnections } from './core/connections/redis-connections.js';
import { Counters } from './counters/counters.js';
import { RedisKitEvents } from './core/events.js';
import { KeySpace } from './core/key-space.js';
import { Lifecycle } from './core/lifecycle.js';
import type { ResolvedRedisKitOptions } from './redis-kit.options.js';
import { COUNTER_SERVICES, RESOLVED_OPTIONS } from './redis-kit.providers.js';

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
  ...COUNTER_SERVICES,
];

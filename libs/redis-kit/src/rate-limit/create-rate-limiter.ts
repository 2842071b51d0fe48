import type { RedisConnections } from '../core/connections/redis-connections.js';
import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import { safeMessage } from '../core/redact.js';
import { Insurance } from './insurance.js';
import type { ResolvedRateLimitOptions } from './rate-limit.options.js';
import { RateLimiter } from './rate-limiter.js';
import { MemoryBucketStore } from './stores/memory-bucket.store.js';
import { RedisBucketStore } from './stores/redis-bucket.store.js';

/** Trackers a limiter without Redis counts before it forgets the least recently used one. */
const TRACKERS_IN_MEMORY = 100_000;

export interface RateLimiterSetup {
  readonly options: ResolvedRateLimitOptions;
  /** undefined: everything is counted in the memory of this process. */
  readonly connections: RedisConnections | undefined;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
}

export function createRateLimiter({
  options,
  connections,
  keySpace,
  events,
}: RateLimiterSetup): RateLimiter {
  const connection = connections?.get(options.connection);
  const store = connection
    ? new RedisBucketStore(connection, keySpace, (operation, limits, error) =>
        events.emit('rate-limit.degraded', {
          operation,
          policies: limits.map(({ name }) => name),
          message: safeMessage(error),
        }),
      )
    : new MemoryBucketStore(TRACKERS_IN_MEMORY);
  return new RateLimiter({ options, store, insurance: new Insurance(options), events });
}

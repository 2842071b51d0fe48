import './lock.events.js';
import type { RedisConnection } from '../core/connections/redis-connection.js';
import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import type { ResolvedLocksOptions } from './lock.options.js';
import { LockProcess } from './lock-process.js';
import { LockService } from './lock.service.js';
import { RedisMutexStore } from './stores/redis-mutex.store.js';
import { RedisWakeChannel } from './stores/redis-wake-channel.js';

/** The locks of one application in Redis. */
export function redisLockService(
  options: ResolvedLocksOptions,
  connection: RedisConnection,
  keySpace: KeySpace,
  events: RedisKitEvents,
): LockService {
  const process = new LockProcess(
    options,
    events,
    (own) => new RedisWakeChannel(connection, keySpace, own),
  );
  return new LockService(process, new RedisMutexStore(connection, keySpace, process));
}

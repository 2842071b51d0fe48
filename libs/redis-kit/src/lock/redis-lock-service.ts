import './lock.events.js';
import type { RedisConnection } from '../core/connections/redis-connection.js';
import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import type { ResolvedLocksOptions } from './lock.options.js';
import { LockProcess } from './lock-process.js';
import { LockService } from './lock.service.js';
import type { PermitKind } from './permit.keys.js';
import type { HoldKind } from './stores/hold-store.js';
import { RedisLatchStore } from './stores/redis-latch.store.js';
import { RedisPermitStore } from './stores/redis-permit.store.js';
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
  const permits = (kind: HoldKind, keysOf: PermitKind) =>
    new RedisPermitStore(kind, keysOf, connection, keySpace, process);
  return new LockService(process, new RedisMutexStore(connection, keySpace, process), {
    semaphores: permits('semaphore', 'semaphore'),
    readers: permits('read', 'read-write'),
    writers: permits('write', 'read-write'),
    latches: new RedisLatchStore(connection, keySpace, process),
  });
}

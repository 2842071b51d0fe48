import './lock.events.js';
import type { RedisKitEvents } from '../core/events.js';
import type { ResolvedLocksOptions } from './lock.options.js';
import { LockProcess } from './lock-process.js';
import { LockService } from './lock.service.js';
import { MemoryPermits } from './stores/memory-permit.store.js';
import { MemoryMutexStore } from './stores/memory-mutex.store.js';

/** Locks in the memory of this process; services that are given the same `mutexes` and `permits` share them. */
export function memoryLockService(
  options: ResolvedLocksOptions,
  events: RedisKitEvents,
  mutexes = new MemoryMutexStore(),
  permits = new MemoryPermits(),
): LockService {
  const process = new LockProcess(options, events, (own) => mutexes.connect(own));
  return new LockService(process, mutexes, permits.storesFor(process));
}

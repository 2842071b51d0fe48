import './lock.events.js';
import type { RedisKitEvents } from '../core/events.js';
import type { ResolvedLocksOptions } from './lock.options.js';
import { LockProcess } from './lock-process.js';
import { LockService } from './lock.service.js';
import { MemoryMutexStore } from './stores/memory-mutex.store.js';

/** Locks in the memory of this process; services that are given the same `mutexes` share them. */
export function memoryLockService(
  options: ResolvedLocksOptions,
  events: RedisKitEvents,
  mutexes = new MemoryMutexStore(),
): LockService {
  return new LockService(
    new LockProcess(options, events, (process) => mutexes.connect(process)),
    mutexes,
  );
}

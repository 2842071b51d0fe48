import { describe, expect, it } from '@jest/globals';
import { lockContract, LOCK_CONTRACT_OPTIONS } from '../testing/contracts/lock.contract.js';
import { RedisKitEvents } from '../core/events.js';
import { resolveLocksOptions } from './lock.options.js';
import { memoryLockService } from './memory-lock-service.js';
import { MemoryMutexStore } from './stores/memory-mutex.store.js';

describe('locks in memory', () => {
  const contract = lockContract(async () => {
    const resolved = resolveLocksOptions(LOCK_CONTRACT_OPTIONS);
    const mutexes = new MemoryMutexStore();
    const one = memoryLockService(resolved, new RedisKitEvents(), mutexes);
    const two = memoryLockService(resolved, new RedisKitEvents(), mutexes);
    const dispose = async () => {
      await Promise.all([one.close(1_000), two.close(1_000)]);
    };
    return { locks: [one, two], dispose };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

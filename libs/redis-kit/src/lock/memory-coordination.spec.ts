import { describe, expect, it } from '@jest/globals';
import { RedisKitEvents } from '../core/events.js';
import { coordinationContract } from '../testing/contracts/coordination.contract.js';
import { LOCK_CONTRACT_OPTIONS } from '../testing/contracts/lock.contract.js';
import { semaphoreContract } from '../testing/contracts/semaphore.contract.js';
import { resolveLocksOptions } from './lock.options.js';
import { memoryLockService } from './memory-lock-service.js';
import { MemoryMutexStore } from './stores/memory-mutex.store.js';
import { MemoryPermits } from './stores/memory-permit.store.js';

describe('what processes share, in memory', () => {
  const create = async () => {
    const resolved = resolveLocksOptions(LOCK_CONTRACT_OPTIONS);
    const stores = [new MemoryMutexStore(), new MemoryPermits()] as const;
    const one = memoryLockService(resolved, new RedisKitEvents(), ...stores);
    const two = memoryLockService(resolved, new RedisKitEvents(), ...stores);
    const dispose = async () => {
      await Promise.all([one.close(1_000), two.close(1_000)]);
    };
    return { locks: [one, two] as const, dispose };
  };

  it.each([...semaphoreContract(create)])('a semaphore $title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );
  it.each([...coordinationContract(create)])('$title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );
});

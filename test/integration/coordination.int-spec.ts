import { expect, it } from '@jest/globals';
import { LockService, type LocksOptions } from 'nestjs-redis-kit';
import {
  coordinationContract,
  isolatedNamespace,
  keysWithoutExpiry,
  semaphoreContract,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

describeTopologies('what processes share', (topology) => {
  const create = async (locks: LocksOptions) => {
    const options = {
      connections: { default: topology.connectionOptions() },
      namespace: isolatedNamespace(),
      locks,
    };
    const apps = [await startApplication(options), await startApplication(options)] as const;
    const dispose = async () => {
      await Promise.all(apps.map((app) => app.close()));
    };
    return { locks: [apps[0].get(LockService), apps[1].get(LockService)] as const, dispose };
  };

  it.each([...semaphoreContract(create)])('a semaphore $title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );
  it.each([...coordinationContract(create)])('$title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );

  it('leaves keys behind, of which each expires', async () => {
    await topology.admin.ping();
    expect(await keysWithoutExpiry(topology.admin, '*')).toEqual([]);
  });
});

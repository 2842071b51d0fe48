import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LockService } from 'nestjs-redis-kit';
import {
  isolatedNamespace,
  keysWithoutExpiry,
  lockContract,
  LOCK_CONTRACT_OPTIONS,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

describeTopologies('a lock', (topology) => {
  let apps: INestApplicationContext[] = [];

  beforeAll(async () => {
    const options = {
      connections: { default: topology.connectionOptions() },
      namespace: isolatedNamespace(),
      locks: LOCK_CONTRACT_OPTIONS,
    };
    apps = [await startApplication(options), await startApplication(options)];
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
  });

  const contract = lockContract(async () => ({
    locks: [apps[0]!.get(LockService), apps[1]!.get(LockService)],
    dispose: () => Promise.resolve(),
  }));

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());

  it('leaves keys behind, of which each expires', async () => {
    await topology.admin.ping();
    expect(await keysWithoutExpiry(topology.admin, '*')).toEqual([]);
  });
});

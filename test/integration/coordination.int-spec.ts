import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LockAbortedError, LockService } from 'nestjs-redis-kit';
import {
  coordinationContract,
  eventually,
  isolatedNamespace,
  keysWithoutExpiry,
  LOCK_CONTRACT_OPTIONS,
  semaphoreContract,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

describeTopologies('what processes share', (topology) => {
  const namespace = isolatedNamespace();
  const start = () =>
    startApplication({
      connections: { default: topology.connectionOptions() },
      namespace,
      locks: LOCK_CONTRACT_OPTIONS,
    });
  let apps: INestApplicationContext[] = [];

  beforeAll(async () => {
    apps = [await start(), await start()];
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
  });

  const create = async () => ({
    locks: [apps[0]!.get(LockService), apps[1]!.get(LockService)] as const,
    dispose: () => Promise.resolve(),
  });

  it.each([...semaphoreContract(create)])('a semaphore $title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );
  it.each([...coordinationContract(create)])('$title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );

  it('a candidacy and a wait for a latch end with the application', async () => {
    const app = await start();
    const locks = app.get(LockService);
    const leader = locks.elect('shutdown');
    await eventually(() => leader.isLeader);
    const candidate = apps[0]!.get(LockService).elect('shutdown');
    const latch = locks.latch('shutdown', { count: 1 });
    const waiting = latch.wait().catch((error: unknown) => error);
    await app.close();
    expect(await waiting).toBeInstanceOf(LockAbortedError);
    expect(leader.isLeader).toBe(false);
    await eventually(() => candidate.isLeader);
    await candidate.stop();
  });

  it('leaves keys behind, of which each expires', async () => {
    await topology.admin.ping();
    expect(await keysWithoutExpiry(topology.admin, '*')).toEqual([]);
  });
});

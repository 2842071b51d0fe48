import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { LockNotReplicatedError, LockService } from 'nestjs-redis-kit';
import {
  ClusterDeployment,
  isolatedNamespace,
  SentinelDeployment,
  type RedisServer,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import type { TopologyConnection } from '../support/topologies/topology.js';

/** Longer than a replica is stopped here: nobody takes over. */
const DOWN_AFTER_MS = 60_000;

interface Deployment {
  readonly connection: TopologyConnection;
  replicas(): Promise<readonly RedisServer[]>;
  stop(): Promise<void>;
}

const DEPLOYMENTS: readonly { name: string; start(): Promise<Deployment> }[] = [
  {
    name: 'sentinel',
    start: async () => {
      const deployment = await SentinelDeployment.start({ downAfter: DOWN_AFTER_MS });
      return {
        connection: { sentinels: deployment.sentinels, name: deployment.name },
        replicas: () => deployment.replicas(),
        stop: () => deployment.stop(),
      };
    },
  },
  {
    name: 'cluster',
    start: async () => {
      const deployment = await ClusterDeployment.start({ nodeTimeout: DOWN_AFTER_MS });
      return {
        connection: { cluster: deployment.nodes },
        replicas: async () => {
          const masters = await deployment.masters();
          return (await Promise.all(masters.map((one) => deployment.replicasOf(one)))).flat();
        },
        stop: () => deployment.stop(),
      };
    },
  },
];

describe.each(DEPLOYMENTS)('a lock that replicas are to confirm [$name]', ({ start }) => {
  let deployment: Deployment;
  let replicas: readonly RedisServer[];
  let app: INestApplicationContext;
  let locks: LockService;

  beforeAll(async () => {
    deployment = await start();
    replicas = await deployment.replicas();
    app = await startApplication({
      namespace: isolatedNamespace(),
      connections: { default: deployment.connection },
      locks: { replication: '5s' },
    });
    locks = app.get(LockService);
  });

  afterEach(() => {
    for (const replica of replicas) if (replica.paused) replica.resume();
  });

  afterAll(async () => {
    await app.close();
    await deployment.stop();
  });

  it('is held when they did', async () => {
    const lock = await locks.acquire('a', { minReplicas: 1 });
    expect(await locks.tryAcquire('a')).toBeNull();
    lock.check();
    expect(await lock.release()).toBe(true);
  });

  it('is given back when there are not so many, and the error says how many there were', async () => {
    const failed = locks.acquire('a', { minReplicas: 2 });
    await expect(failed).rejects.toThrow(LockNotReplicatedError);
    await expect(failed).rejects.toMatchObject({ confirmedBy: 1, minReplicas: 2 });
    await (await locks.acquire('a', { wait: 0 })).release();
  });

  it('is not held while they are stopped, nor is another of the same call', async () => {
    for (const replica of replicas) replica.pause();
    const names = ['a', 'b', 'c'];
    await expect(locks.acquire(names, { minReplicas: 1 })).rejects.toMatchObject({
      code: 'LOCK_NOT_REPLICATED',
      confirmedBy: 0,
    });
    // Nothing is held; who asks for no replica gets it at once.
    for (const name of names) await (await locks.acquire(name, { wait: 0 })).release();
    expect(locks.process.watchdog.size).toBe(0);
  });

  it('that is extended meanwhile is renewed as any other', async () => {
    const lock = await locks.acquire('a', { minReplicas: 1, lease: '10s' });
    for (const replica of replicas) replica.pause();
    await lock.extend('1m');
    expect(lock.remaining()).toBeGreaterThan(30_000);
    expect(await lock.release()).toBe(true);
  });
});

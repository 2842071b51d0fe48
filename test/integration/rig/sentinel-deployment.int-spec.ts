import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually, isolatedNamespace, SentinelDeployment } from 'nestjs-redis-kit/testing';
import { isAlive } from '../../support/process-state.js';

describe('SentinelDeployment', () => {
  let deployment: SentinelDeployment;

  beforeAll(async () => {
    deployment = await SentinelDeployment.start();
  });

  afterEach(async () => {
    await deployment.restoreAll();
  });

  afterAll(async () => {
    await deployment.stop();
  });

  it('consists of a master, a replica in sync and three Sentinels that agree', async () => {
    const master = await deployment.master();
    const [replica, ...more] = await deployment.replicas();
    expect(more).toEqual([]);
    expect(await master.info('replication')).toMatchObject({
      role: 'master',
      connected_slaves: '1',
    });
    expect(await replica?.info('replication')).toMatchObject({
      role: 'slave',
      master_port: String(master.port),
      master_link_status: 'up',
    });
    expect(deployment.sentinels).toHaveLength(3);
    for (const address of deployment.sentinels) {
      const sentinel = new Redis({ ...address, protocol: 2 });
      expect(await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', deployment.name)).toEqual([
        master.host,
        String(master.port),
      ]);
      expect(await sentinel.call('SENTINEL', 'CKQUORUM', deployment.name)).toMatch(
        /^OK 3 usable Sentinels/,
      );
      sentinel.disconnect();
    }
  });

  it('replicates what is written to the master', async () => {
    const key = isolatedNamespace();
    await deployment.client().set(key, 'v');
    const [replica] = await deployment.replicas();
    await eventually(async () => expect(await replica?.call('GET', key)).toBe('v'));
  });

  it('moves the master on request and keeps the data', async () => {
    const key = isolatedNamespace();
    const old = await deployment.master();
    await deployment.client().set(key, 'v');
    await eventually(async () => {
      expect(await (await deployment.replicas())[0]?.call('GET', key)).toBe('v');
    });
    const successor = await deployment.failover();
    expect(successor).not.toBe(old);
    expect(await deployment.master()).toBe(successor);
    expect(await successor.info('replication')).toMatchObject({ role: 'master' });
    expect(await old.info('replication')).toMatchObject({
      role: 'slave',
      master_port: String(successor.port),
    });
    expect(await deployment.client().get(key)).toBe('v');
    await deployment.client().set(key, 'w');
    await expect(old.call('SET', key, 'x')).rejects.toThrow('READONLY');
  });

  it.each(['killMaster', 'pauseMaster'] as const)('has a new master after %s', async (outage) => {
    const key = isolatedNamespace();
    const client = deployment.client();
    await client.set(key, 'v');
    const old = await deployment[outage]();
    const successor = await deployment.settled();
    expect(successor).not.toBe(old);
    expect(await deployment.replicas()).toEqual([old]);
    await eventually(() => client.set(key, 'w'), { within: 5_000 });
    expect(await successor.call('GET', key)).toBe('w');

    await deployment.restoreAll();
    expect(await deployment.master()).toBe(successor);
    expect(await old.info('replication')).toMatchObject({ role: 'slave' });
    expect(await old.call('GET', key)).toBe('w');
  });

  it('fails over with one Sentinel missing', async () => {
    await deployment.killSentinel(0);
    const old = await deployment.killMaster();
    expect(await deployment.settled()).not.toBe(old);
  });

  it('comes back after everything was killed, and after everything was paused', async () => {
    await deployment.killAll();
    await deployment.restoreAll();
    const key = isolatedNamespace();
    await eventually(() => deployment.client().set(key, 'v'), { within: 5_000 });
    deployment.pauseAll();
    await deployment.restoreAll();
    expect(await deployment.client().get(key)).toBe('v');
  });

  it('refuses a Sentinel it does not have', async () => {
    await expect(deployment.killSentinel(3)).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
  });
});

describe('a SentinelDeployment of its own', () => {
  it('works with a password and another name', async () => {
    const deployment = await SentinelDeployment.start({
      name: 'orders',
      config: { requirepass: 'secret' },
    });
    try {
      await deployment.client().set('a', '1');
      const successor = await deployment.failover();
      expect(await successor.call('GET', 'a')).toBe('1');
    } finally {
      await deployment.stop();
    }
  });

  it('leaves nothing behind when stopped, whatever state it is in', async () => {
    const deployment = await SentinelDeployment.start();
    const remains = deployment.servers.map(({ pid, directory }) => ({ pid, directory }));
    await deployment.pauseMaster();
    await deployment.killSentinel(1);
    await deployment.stop();
    for (const { pid, directory } of remains) {
      expect(isAlive(pid)).toBe(false);
      expect(existsSync(directory)).toBe(false);
    }
  });

  it('refuses options that make no deployment', async () => {
    await expect(SentinelDeployment.start({ name: 'my master' })).rejects.toThrow(
      'name: "my master" has other characters',
    );
    await expect(SentinelDeployment.start({ downAfter: -1 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });

  it('stops what it started when it cannot start', async () => {
    await expect(
      SentinelDeployment.start({ config: { 'maxmemory-policy': 'none-such' } }),
    ).rejects.toMatchObject({ code: 'SERVER_NOT_STARTED' });
  });
});

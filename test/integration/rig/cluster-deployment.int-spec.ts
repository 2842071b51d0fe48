import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ClusterDeployment,
  eventually,
  isolatedNamespace,
  RedisServer,
} from 'nestjs-redis-kit/testing';
import { isAlive } from '../../support/process-state.js';

describe('ClusterDeployment', () => {
  let cluster: ClusterDeployment;

  beforeAll(async () => {
    // Patient, so that a busy machine causes no failovers besides those that are asked for.
    cluster = await ClusterDeployment.start({ nodeTimeout: 5_000 });
  });

  afterEach(async () => {
    await cluster.restoreAll();
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('consists of three masters that own all slots, each with a replica in sync', async () => {
    const masters = await cluster.masters();
    expect(masters).toHaveLength(3);
    expect(cluster.nodes).toHaveLength(6);
    for (const server of cluster.servers) {
      const info = String(await server.call('CLUSTER', 'INFO'));
      expect(info).toContain('cluster_state:ok');
      expect(info).toContain('cluster_slots_ok:16384');
    }
    for (const master of masters) {
      const [replica, ...more] = await cluster.replicasOf(master);
      expect(more).toEqual([]);
      expect(await replica?.info('replication')).toMatchObject({
        role: 'slave',
        master_port: String(master.port),
        master_link_status: 'up',
      });
    }
    const owners = await Promise.all([0, 16_383].map((slot) => cluster.masterOf(slot)));
    expect(owners[0]).not.toBe(owners[1]);
  });

  it('serves a client, and tells which node has a key', async () => {
    const namespace = isolatedNamespace();
    const used = new Set<RedisServer>();
    for (let index = 0; index < 30; index += 1) {
      const key = `${namespace}:${index}`;
      await cluster.client().set(key, index);
      const node = await cluster.nodeForKey(key);
      expect(await node.call('GET', key)).toBe(String(index));
      used.add(node);
    }
    expect(used).toEqual(new Set(await cluster.masters()));
  });

  it('fails over on request without losing data', async () => {
    const key = isolatedNamespace();
    await cluster.client().set(key, 'v');
    const old = await cluster.nodeForKey(key);
    const [replica] = await cluster.replicasOf(old);
    const successor = await cluster.failover(old);
    expect(successor).toBe(replica);
    expect(await cluster.nodeForKey(key)).toBe(successor);
    expect(await cluster.replicasOf(successor)).toEqual([old]);
    expect(await successor.call('GET', key)).toBe('v');
    await expect(old.call('SET', key, 'x')).rejects.toThrow(`MOVED`);

    expect(await cluster.failover(old)).toBe(old);
    expect(await cluster.nodeForKey(key)).toBe(old);
  });

  it('migrates a slot with its keys and their expiries', async () => {
    const tag = isolatedNamespace();
    const keys = Array.from({ length: 250 }, (_, index) => `{${tag}}:${index}`);
    for (const key of keys) await cluster.client().set(key, key, 'PX', 600_000);
    const slot = await cluster.slotOf(keys[0]!);
    const from = await cluster.masterOf(slot);
    const to = (await cluster.masters()).find((master) => master !== from)!;

    await cluster.migrateSlot(slot, to);

    expect(await cluster.masterOf(slot)).toBe(to);
    expect(await from.call('CLUSTER', 'COUNTKEYSINSLOT', slot)).toBe(0);
    expect(await to.call('CLUSTER', 'COUNTKEYSINSLOT', slot)).toBe(250);
    expect(await to.call('GET', keys[249]!)).toBe(keys[249]);
    expect(await to.call('PTTL', keys[249]!)).toBeGreaterThan(500_000);
    await expect(from.call('GET', keys[0]!)).rejects.toThrow(`MOVED ${slot} 127.0.0.1:${to.port}`);
    expect(await cluster.client().get(keys[1]!)).toBe(keys[1]);
  });

  it('can stop half-way in a migration, where clients are redirected by ASK', async () => {
    const tag = isolatedNamespace();
    const [here, absent] = [`{${tag}}:here`, `{${tag}}:absent`];
    await cluster.client().set(here, 'v');
    const slot = await cluster.slotOf(here);
    const from = await cluster.masterOf(slot);
    const to = (await cluster.masters()).find((master) => master !== from)!;

    const migration = await cluster.beginMigration(slot, to);
    expect(await from.call('GET', here)).toBe('v');
    await expect(from.call('GET', absent)).rejects.toThrow(`ASK ${slot} 127.0.0.1:${to.port}`);
    await cluster.client().set(absent, 'w');
    expect(await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 9)).toEqual([here]);
    expect(await to.call('CLUSTER', 'GETKEYSINSLOT', slot, 9)).toEqual([absent]);
    expect(await migration.moveKeys()).toBe(1);
    await migration.finish();
    await cluster.settled();
    expect(await to.call('MGET', here, absent)).toEqual(['v', 'w']);
  });

  it('gives up a migration left half-way when it is restored', async () => {
    const key = isolatedNamespace();
    await cluster.client().set(key, 'v');
    const slot = await cluster.slotOf(key);
    const from = await cluster.masterOf(slot);
    const to = (await cluster.masters()).find((master) => master !== from)!;
    await cluster.beginMigration(slot, to);
    expect(await from.call('CLUSTER', 'NODES')).toContain(`[${slot}->-`);
    await cluster.restoreAll();
    expect(await from.call('CLUSTER', 'NODES')).not.toContain(`[${slot}`);
    expect(await to.call('CLUSTER', 'NODES')).not.toContain(`[${slot}`);
    expect(await cluster.client().get(key)).toBe('v');
  });

  it('comes back after everything was killed, and after everything was paused', async () => {
    const key = isolatedNamespace();
    await cluster.killAll();
    await cluster.restoreAll();
    await eventually(() => cluster.client().set(key, 'v'), { within: 10_000 });
    cluster.pauseAll();
    await cluster.restoreAll();
    await eventually(async () => expect(await cluster.client().get(key)).toBe('v'), {
      within: 10_000,
    });
  });

  it('refuses strangers', async () => {
    const stranger = await RedisServer.start();
    await expect(cluster.migrateSlot(1, stranger)).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
    await expect(cluster.failover(stranger)).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
    await stranger.stop();
  });
});

describe('a ClusterDeployment left to itself', () => {
  let cluster: ClusterDeployment;

  beforeAll(async () => {
    cluster = await ClusterDeployment.start();
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it.each(['killed', 'paused'])('promotes the replica of a %s master by itself', async (outage) => {
    const key = isolatedNamespace();
    await cluster.client().set(key, 'v');
    const old = await cluster.nodeForKey(key);
    const [replica] = await cluster.replicasOf(old);
    if (outage === 'killed') await old.kill();
    else old.pause();
    expect(await cluster.nodeForKey(key)).toBe(old);
    await cluster.settled();
    expect(await cluster.nodeForKey(key)).toBe(replica);
    await eventually(() => cluster.client().set(key, 'w'), { within: 10_000 });

    await cluster.restoreAll();
    expect(await cluster.replicasOf(replica!)).toEqual([old]);
    expect(await old.info('replication')).toMatchObject({
      role: 'slave',
      master_link_status: 'up',
    });
  });
});

describe('a ClusterDeployment of its own', () => {
  it('may go on without full coverage', async () => {
    const cluster = await ClusterDeployment.start({
      replicasPerMaster: 0,
      nodeTimeout: 500,
      requireFullCoverage: false,
    });
    try {
      const [dead, alive] = await cluster.masters();
      await dead!.kill();
      await eventually(
        async () => {
          expect(await alive!.call('CLUSTER', 'INFO')).toContain('cluster_slots_fail:546');
        },
        { within: 10_000 },
      );
      expect(await alive!.call('CLUSTER', 'INFO')).toContain('cluster_state:ok');
    } finally {
      await cluster.stop();
    }
  });

  it('works with a password', async () => {
    const cluster = await ClusterDeployment.start({ config: { requirepass: 'secret' } });
    try {
      await cluster.client().set('a', '1');
      const slot = await cluster.slotOf('a');
      const from = await cluster.masterOf(slot);
      const to = (await cluster.masters()).find((master) => master !== from)!;
      await cluster.migrateSlot(slot, to);
      expect(await to.call('GET', 'a')).toBe('1');
    } finally {
      await cluster.stop();
    }
  });

  it('is gone with its directories when stopped, dead and paused nodes included', async () => {
    const cluster = await ClusterDeployment.start({ replicasPerMaster: 0 });
    const remains = cluster.servers.map(({ pid, directory }) => ({ pid, directory }));
    await cluster.servers[0]!.kill();
    cluster.servers[1]!.pause();
    await cluster.stop();
    for (const { pid, directory } of remains) {
      expect(isAlive(pid)).toBe(false);
      expect(existsSync(directory)).toBe(false);
    }
  });

  it('refuses options that make no cluster', async () => {
    await expect(ClusterDeployment.start({ masters: 0 })).rejects.toThrow(
      'masters: 0 is not an integer >= 1',
    );
    await expect(ClusterDeployment.start({ replicasPerMaster: 0.5 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });

  it('stops what it started when it cannot start', async () => {
    await expect(
      ClusterDeployment.start({ config: { 'maxmemory-policy': 'none-such' } }),
    ).rejects.toMatchObject({ code: 'SERVER_NOT_STARTED' });
  });
});

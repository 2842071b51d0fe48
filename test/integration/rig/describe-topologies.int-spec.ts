import { afterEach, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../../support/describe-topologies.js';
import type { TopologyName } from '../../support/topologies/topology.js';

const described: TopologyName[] = [];

describeTopologies('a topology', (topology) => {
  described.push(topology.name);

  afterEach(async () => {
    await topology.restartAll();
  });

  it('is described in the terms of the library', () => {
    const address = { host: '127.0.0.1', port: expect.any(Number) };
    const expected = {
      standalone: { url: expect.stringMatching(/^redis:\/\/127\.0\.0\.1:\d+$/) },
      sentinel: { sentinels: [address, address, address], name: 'main' },
      cluster: { cluster: Array.from({ length: 6 }, () => address) },
    };
    expect(topology.connectionOptions()).toEqual(expected[topology.name]);
  });

  it('has an admin client and masters that accept writes', async () => {
    const key = isolatedNamespace();
    await topology.admin.set(key, 'v', 'PX', 60_000);
    expect(await topology.admin.get(key)).toBe('v');
    expect(topology.admin).toBeInstanceOf(topology.name === 'cluster' ? Cluster : Redis);
    const masters = await topology.masters();
    expect(masters).toHaveLength(topology.name === 'cluster' ? 3 : 1);
    for (const master of masters) {
      expect(await master.info('replication')).toMatchObject({ role: 'master' });
    }
  });

  it('hangs while all servers are paused, and then goes on', async () => {
    const key = isolatedNamespace();
    await topology.admin.set(key, '1', 'PX', 60_000);
    topology.pauseAll();
    let answered = false;
    const answer = topology.admin.incr(key).finally(() => (answered = true));
    await expect(eventually(() => answered, { within: 300 })).rejects.toMatchObject({
      code: 'NOT_IN_TIME',
    });
    await topology.resumeAll();
    expect(await answer).toBe(2);
  });

  it('comes back empty after all servers were killed', async () => {
    const key = isolatedNamespace();
    await topology.admin.set(key, 'v', 'PX', 60_000);
    await topology.killAll();
    await topology.restartAll();
    await eventually(async () => expect(await topology.admin.get(key)).toBeNull(), {
      within: 10_000,
    });
    await topology.admin.set(key, 'v', 'PX', 60_000);
  });

  it('fails over, where there is something to fail over to', async () => {
    if (topology.failover === undefined) {
      expect(topology.name).toBe('standalone');
      return;
    }
    const before = await topology.masters();
    await topology.failover();
    const after = await topology.masters();
    expect(after).toHaveLength(before.length);
    expect(after.filter((master) => !before.includes(master))).toHaveLength(1);
    const key = isolatedNamespace();
    await eventually(() => topology.admin.set(key, 'v', 'PX', 60_000), { within: 10_000 });
  });
});

describeTopologies(
  'a suite for some topologies',
  (topology) => {
    it('runs on those only', () => {
      expect(topology.name).toBe('standalone');
    });
  },
  { only: ['standalone'] },
);

describe('describeTopologies', () => {
  const narrowed = (process.env['REDIS_KIT_TOPOLOGIES'] ?? '') !== '';

  (narrowed ? it.skip : it)('describes a suite once per topology', () => {
    expect(described).toEqual(['standalone', 'sentinel', 'cluster']);
  });

  it('refuses a topology that does not exist', () => {
    const before = process.env['REDIS_KIT_TOPOLOGIES'];
    process.env['REDIS_KIT_TOPOLOGIES'] = 'standalone,ring';
    try {
      expect(() => describeTopologies('nothing', () => undefined)).toThrow(
        'REDIS_KIT_TOPOLOGIES: "ring" is none of standalone, sentinel, cluster',
      );
    } finally {
      if (before === undefined) delete process.env['REDIS_KIT_TOPOLOGIES'];
      else process.env['REDIS_KIT_TOPOLOGIES'] = before;
    }
  });
});

import { afterEach, expect, it } from '@jest/globals';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../../support/describe-topologies.js';

describeTopologies('a topology', (topology) => {
  afterEach(async () => {
    await topology.restartAll();
  });

  it('serves its admin client', async () => {
    const key = isolatedNamespace();
    await topology.admin.set(key, 'v', 'PX', 60_000);
    expect(await topology.admin.get(key)).toBe('v');
  });

  it('comes back after all servers were killed', async () => {
    await topology.killAll();
    await topology.restartAll();
    const key = isolatedNamespace();
    await eventually(() => topology.admin.set(key, 'v', 'PX', 60_000), { within: 10_000 });
  });
});

import { expect, it } from '@jest/globals';
import { isolatedNamespace, keysWithoutExpiry } from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../../support/describe-topologies.js';

describeTopologies('keysWithoutExpiry', (topology) => {
  it('finds what never expires, on all masters, without KEYS', async () => {
    const namespace = isolatedNamespace();
    const eternal: string[] = [];
    const writes: Promise<unknown>[] = [];
    for (let index = 0; index < 1_500; index += 1) {
      const key = `${namespace}:${index}`;
      if (index % 100 === 0) {
        eternal.push(key);
        writes.push(topology.admin.hset(key, 'field', 'value'));
      } else {
        writes.push(topology.admin.set(key, 'value', 'EX', 600));
      }
    }
    writes.push(topology.admin.set(`other-${namespace}`, 'value'));
    await Promise.all(writes);
    const masters = await topology.masters();
    for (const master of masters) {
      expect(await master.call('DBSIZE')).toBeGreaterThan(0);
    }
    expect(await keysWithoutExpiry(topology.admin, `${namespace}:*`)).toEqual(eternal.sort());
    expect(await keysWithoutExpiry(topology.admin, 'none:*')).toEqual([]);
    for (const master of masters) expect(await master.commandCount('keys')).toBe(0);
  });
});

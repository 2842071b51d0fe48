import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { CounterService, LeaderboardService } from 'nestjs-redis-kit';
import { counterContract, keysWithoutExpiry, leaderboardContract } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

describeTopologies('the contract', (topology) => {
  let app: INestApplicationContext;

  beforeAll(async () => {
    app = await startApplication({
      connections: { default: topology.connectionOptions() },
      counters: { maxNames: 3, deadline: '20s', flushEvery: '20ms' },
    });
  });

  afterAll(async () => {
    await app.close();
  });

  const dispose = async (): Promise<void> => undefined;

  describe('of counters', () => {
    const contract = counterContract(async () => ({ counters: app.get(CounterService), dispose }));

    it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
  });

  describe('of leaderboards', () => {
    const contract = leaderboardContract(async () => ({
      leaderboards: app.get(LeaderboardService),
      dispose,
    }));

    it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
  });

  it('leaves keys behind, of which each expires unless it was asked not to', async () => {
    await topology.admin.ping();
    const masters = await topology.masters();
    const sizes = await Promise.all(masters.map((master) => master.client().dbsize()));
    expect(Math.max(...sizes)).toBeGreaterThan(0);
    // The contract asks for one counter that never expires, in so many words.
    expect(await keysWithoutExpiry(topology.admin, '*')).toHaveLength(1);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { EventStore } from 'nestjs-redis-kit';
import { eventStoreContract } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

describeTopologies('the contract of the event store', (topology) => {
  let app: INestApplicationContext;

  beforeAll(async () => {
    app = await startApplication({
      connections: { default: { ...topology.connectionOptions(), commandTimeout: '20s' } },
      streams: { partitions: 4, maxEventBytes: 4_096, poll: '200ms' },
    });
  });

  afterAll(async () => {
    await app.close();
  });

  describe('in Redis', () => {
    const contract = eventStoreContract(async () => ({
      store: app.get(EventStore),
      dispose: async () => undefined,
    }));

    it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
  });
});

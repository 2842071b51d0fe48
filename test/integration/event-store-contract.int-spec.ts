import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { DeadLetters, EventProcessor, EventStore, Inbox } from 'nestjs-redis-kit';
import { eventProcessorContract, eventStoreContract } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

describeTopologies('the contract', (topology) => {
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

  describe('of the event store', () => {
    const contract = eventStoreContract(async () => ({
      store: app.get(EventStore),
      dispose: async () => undefined,
    }));

    it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
  });

  describe('of the processor', () => {
    const contract = eventProcessorContract(async () => ({
      store: app.get(EventStore),
      processor: app.get(EventProcessor),
      deadLetters: app.get(DeadLetters),
      inbox: app.get(Inbox),
      dispose: async () => undefined,
    }));

    it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
  });
});

import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { RedisEventBus } from 'nestjs-redis-kit';
import {
  eventBusContract,
  isolatedNamespace,
  keysWithoutExpiry,
  RedisKitTestingModule,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

const EVENTS = { recoverable: ['kept.**'], maxPayload: 1_000 };

describeTopologies('the event bus', (topology) => {
  let apps: INestApplicationContext[] = [];

  beforeAll(async () => {
    const options = {
      connections: { default: topology.connectionOptions() },
      namespace: isolatedNamespace(),
      events: EVENTS,
    };
    apps = [await startApplication(options), await startApplication(options)];
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
  });

  const contract = eventBusContract(async () => ({
    buses: [apps[0]!.get(RedisEventBus), apps[1]!.get(RedisEventBus)],
    dispose: () => Promise.resolve(),
  }));

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());

  it('leaves keys behind, of which each expires', async () => {
    await topology.admin.ping();
    expect(await keysWithoutExpiry(topology.admin, '*')).toEqual([]);
  });
});

describe('the event bus in memory', () => {
  const contract = eventBusContract(async () => {
    const module: TestingModule = await Test.createTestingModule({
      imports: [RedisKitTestingModule.forRoot({ events: EVENTS })],
    }).compile();
    await module.init();
    const bus = module.get(RedisEventBus);
    return { buses: [bus, bus], dispose: () => module.close() };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

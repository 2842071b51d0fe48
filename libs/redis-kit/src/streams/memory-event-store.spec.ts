import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { eventStoreContract } from '../testing/contracts/event-store.contract.js';
import { RedisKitTestingModule } from '../testing/redis-kit-testing.module.js';
import { EventStore } from './event-store.js';

describe('the event store in memory', () => {
  const contract = eventStoreContract(async () => {
    const module = await Test.createTestingModule({
      imports: [
        RedisKitTestingModule.forRoot({
          streams: { partitions: 4, maxEventBytes: 4_096, poll: '50ms' },
        }),
      ],
    }).compile();
    return {
      store: module.get(EventStore),
      dispose: async () => {
        await module.get(EventStore).close();
        await module.close();
      },
    };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

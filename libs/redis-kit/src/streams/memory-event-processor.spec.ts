import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { eventProcessorContract } from '../testing/contracts/event-processor.contract.js';
import { RedisKitTestingModule } from '../testing/redis-kit-testing.module.js';
import { EventStore } from './event-store.js';
import { DeadLetters } from './processing/dead-letters.js';
import { EventProcessor } from './processing/event-processor.js';
import { Inbox } from './processing/inbox.js';

describe('the processor of events in memory', () => {
  const contract = eventProcessorContract(async () => {
    const module = await Test.createTestingModule({
      imports: [RedisKitTestingModule.forRoot({ streams: { partitions: 4, poll: '50ms' } })],
    }).compile();
    await module.init();
    return {
      store: module.get(EventStore),
      processor: module.get(EventProcessor),
      deadLetters: module.get(DeadLetters),
      inbox: module.get(Inbox),
      dispose: () => module.close(),
    };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

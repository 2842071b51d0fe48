import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { CounterService, LeaderboardService } from 'nestjs-redis-kit';
import {
  counterContract,
  leaderboardContract,
  RedisKitTestingModule,
} from 'nestjs-redis-kit/testing';

const start = async () => {
  const module = await Test.createTestingModule({
    imports: [RedisKitTestingModule.forRoot({ counters: { maxNames: 3 } })],
  }).compile();
  return module.init();
};

describe('counters in memory', () => {
  const contract = counterContract(async () => {
    const module = await start();
    return { counters: module.get(CounterService), dispose: () => module.close() };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('leaderboards in memory', () => {
  const contract = leaderboardContract(async () => {
    const module = await start();
    return { leaderboards: module.get(LeaderboardService), dispose: () => module.close() };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

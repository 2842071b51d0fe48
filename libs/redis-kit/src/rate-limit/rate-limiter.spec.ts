import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { rateLimiterContract } from '../testing/contracts/rate-limiter.contract.js';
import { RedisKitTestingModule } from '../testing/redis-kit-testing.module.js';
import { RateLimiter } from './rate-limiter.js';

describe('a rate limiter in memory', () => {
  const contract = rateLimiterContract(async () => {
    const module = await Test.createTestingModule({
      imports: [RedisKitTestingModule.forRoot()],
    }).compile();
    return { limiter: module.get(RateLimiter), dispose: () => module.close() };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

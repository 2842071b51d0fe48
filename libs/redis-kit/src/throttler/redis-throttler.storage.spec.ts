import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { RedisKitTestingModule, throttlerStorageContract } from 'nestjs-redis-kit/testing';
import { RedisThrottlerModule, RedisThrottlerStorage } from 'nestjs-redis-kit/throttler';

describe('the storage of hits without Redis, in unit tests', () => {
  const contract = throttlerStorageContract(async () => {
    const app = await Test.createTestingModule({
      imports: [RedisKitTestingModule.forRoot(), RedisThrottlerModule.forRoot()],
    }).compile();
    return { storage: app.get(RedisThrottlerStorage), dispose: () => app.close() };
  });

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('the module of the storage', () => {
  it('names options that are wrong', () => {
    expect(() =>
      RedisThrottlerModule.forRoot({ deadline: '2m', onFailure: 'ignore' as never }),
    ).toThrow(
      /RedisThrottlerModule\.forRoot\(\)\.deadline: got "2m", expected a duration.*\n.*\.onFailure: got "ignore", expected one of "local", "open", "closed"/,
    );
  });

  it('does not boot without RedisKitModule', async () => {
    const booting = Test.createTestingModule({
      imports: [RedisThrottlerModule.forRoot()],
    }).compile();
    await expect(booting).rejects.toThrow(
      /can't resolve dependencies of the RedisThrottlerStorage/,
    );
  });
});

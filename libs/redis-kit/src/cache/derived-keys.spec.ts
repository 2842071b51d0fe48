import { Injectable, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Cacheable, CacheConfig, ConfigurationError } from 'nestjs-redis-kit';
import { RedisKitTestingModule } from 'nestjs-redis-kit/testing';
import { afterEach, describe, expect, it } from '@jest/globals';

let started: TestingModule | undefined;

afterEach(async () => {
  await started?.close();
  started = undefined;
});

async function start(providers: Type[]): Promise<TestingModule> {
  const imports = [RedisKitTestingModule.forRoot()];
  return (started = await Test.createTestingModule({ imports, providers }).compile());
}

describe('two classes of one name', () => {
  const withKey = (key: string | undefined, keyPrefix?: string): Type => {
    @CacheConfig({ keyPrefix })
    @Injectable()
    class Reports {
      @Cacheable({ key })
      async find(_id: number): Promise<string> {
        return 'one';
      }
    }
    return Reports;
  };
  const other = (): Type => {
    @Injectable()
    class Reports {
      @Cacheable()
      async find(_id: number): Promise<string> {
        return 'other';
      }

      async archive(): Promise<void> {}
    }
    return Reports;
  };
  const boot = (one: Type, another: Type) => start([one, another]);

  it('are refused at boot when their derived keys would meet, and told apart', async () => {
    const refused = boot(withKey(undefined), other());
    await expect(refused).rejects.toThrow(ConfigurationError);
    await expect(boot(withKey(undefined), other())).rejects.toThrow(
      "Two classes named 'Reports' (with find, archive, and with find) share a cache and derive the same keys, " +
        "'Reports.find(…)'. Give the method a key in one of them, or the class a keyPrefix with @CacheConfig.",
    );
  });

  it.each([
    ['a key', withKey('report:{0}')],
    ['a prefix', withKey(undefined, 'old/')],
  ])('are fine when one has %s, and each has its own values', async (_, one) => {
    const another = other();
    const app = await boot(one, another);
    type Finder = { find(id: number): Promise<string> };
    const find = (type: Type) => app.get<Finder>(type).find(1);
    expect([await find(one), await find(another)]).toEqual(['one', 'other']);
    expect([await find(one), await find(another)]).toEqual(['one', 'other']);
  });
});

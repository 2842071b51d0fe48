import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type INestApplication, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RateLimit, SkipRateLimit } from 'nestjs-redis-kit';
import { RedisKitTestingModule } from 'nestjs-redis-kit/testing';

@Controller()
class Pages {
  @RateLimit({ policies: [{ name: 'page', limit: 2, per: '1h', algorithm: 'fixed-window' }] })
  @Get()
  page(): string {
    return 'page';
  }
}

@Module({ controllers: [Pages] })
class PagesModule {}

describe('the guard of rate limits', () => {
  let app: INestApplication | undefined;

  afterEach(() => app?.close());

  const boot = async (...imports: Type[]): Promise<INestApplication> => {
    const module = await Test.createTestingModule({
      imports: [PagesModule, ...imports],
    }).compile();
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    return app;
  };

  it('works without Redis in unit tests', async () => {
    const nest = await boot(RedisKitTestingModule.forRoot() as unknown as Type);
    const url = await nest.getUrl();
    const statuses = [];
    for (let times = 0; times < 3; times++) statuses.push((await fetch(url)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('lets no application boot that skips a policy which is not there', async () => {
    @Controller('skipping')
    class Skipping {
      @RateLimit({ policies: [{ name: 'own', limit: 2, per: '1h' }] })
      @SkipRateLimit('everything', 'evrything')
      @Get()
      page(): string {
        return 'page';
      }
    }
    @Module({ controllers: [Skipping] })
    class SkippingModule {}
    const root = RedisKitTestingModule.forRoot({
      rateLimit: { http: { policies: [{ name: 'everything', limit: 9, per: '1h' }] } },
    });
    await expect(boot(SkippingModule, root as unknown as Type)).rejects.toThrow(
      "@SkipRateLimit() of Skipping.page(): got 'evrything', expected one of everything",
    );
  });

  it.each([
    [
      [{ name: 'a', limit: 9, per: '1h', algorithm: 'quota' }],
      "rateLimit.http.policies[0].per: got 1h, expected 'day' or 'month', for a quota",
    ],
    [
      [
        { name: 'a', limit: 9, per: '1h' },
        {
          name: 'b',
          limit: { default: 9, pro: 5 },
          per: '1h',
          algorithm: 'fixed-window',
          burst: 2,
        },
      ],
      "rateLimit.http.policies[1].burst: got 2, expected nothing: algorithm 'fixed-window' has none",
    ],
    [
      [
        { name: 'a', limit: 9, per: '1h' },
        { name: 'a', limit: 5, per: '1s' },
      ],
      "rateLimit.http.policies[1].name: got 'a', expected a name that no other policy of the list has",
    ],
  ] as const)(
    'lets no application boot with policies that make no sense: %j',
    async (policies, message) => {
      expect(() => RedisKitTestingModule.forRoot({ rateLimit: { http: { policies } } })).toThrow(
        message,
      );
    },
  );

  it('lets no application boot that has no RedisKitModule', async () => {
    await expect(boot()).rejects.toThrow(
      /can't resolve dependencies of the RateLimitGuard \(\?, HttpAdapterHost\)[\s\S]*RequestLimits/,
    );
  });
});

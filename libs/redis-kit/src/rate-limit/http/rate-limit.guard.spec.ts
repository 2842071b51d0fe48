import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type INestApplication, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RateLimit } from 'nestjs-redis-kit';
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

  it('lets no application boot that has no RedisKitModule', async () => {
    await expect(boot()).rejects.toThrow(
      /can't resolve dependencies of the RateLimitGuard \(\?, HttpAdapterHost\)[\s\S]*RequestLimits/,
    );
  });
});

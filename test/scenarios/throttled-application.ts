import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { Throttle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { RedisKitModule } from 'nestjs-redis-kit';
import { serveScenario } from 'nestjs-redis-kit/testing';
import { RedisThrottlerModule, RedisThrottlerStorage } from 'nestjs-redis-kit/throttler';

/** An application with @nestjs/throttler in a process of its own: Jest cannot load that package on Node.js 20. */
const [url, namespace] = process.argv.slice(2);

export interface Answer {
  readonly status: number;
  readonly remaining: number;
  readonly retryAfter: number;
}

@Controller()
class Pages {
  @Get('limited')
  limited(): string {
    return 'limited';
  }

  @Throttle({ default: { limit: 1, ttl: 3_600_000, blockDuration: 400 } })
  @Get('blocked')
  blocked(): string {
    return 'blocked';
  }
}

@Module({
  imports: [
    RedisKitModule.forRoot({ url, namespace }),
    ThrottlerModule.forRootAsync({
      imports: [RedisThrottlerModule.forRoot({ deadline: '20s' })],
      inject: [RedisThrottlerStorage],
      useFactory: (storage: RedisThrottlerStorage) => ({
        throttlers: [{ limit: 100, ttl: 3_600_000 }],
        storage,
      }),
    }),
  ],
  controllers: [Pages],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})
class ThrottledApplication {}

const app = await NestFactory.create(ThrottledApplication, { logger: false });
await app.listen(0, '127.0.0.1');
const address = await app.getUrl();

export const methods = {
  request: (path: string, times: number): Promise<Answer[]> =>
    Promise.all(
      Array.from({ length: times }, async () => {
        const response = await fetch(new URL(path, address));
        await response.arrayBuffer();
        return {
          status: response.status,
          remaining: Number(response.headers.get('x-ratelimit-remaining')),
          retryAfter: Number(response.headers.get('retry-after')),
        };
      }),
    ),
};

serveScenario(methods);

import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { describe, expect, it } from '@jest/globals';
import { CacheService, RedisKitModule } from 'nestjs-redis-kit';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redis-kit/health';
import { eventually, isolatedNamespace, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';

const PATIENCE = { within: 30_000 };

@Controller()
class ReadyController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly redis: RedisHealthIndicator,
  ) {}

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.checks.check([() => this.redis.isHealthy('redis', { timeout: '2s' })]);
  }
}

async function listening(url: string): Promise<INestApplication> {
  @Module({
    imports: [
      RedisKitModule.forRoot({
        url,
        namespace: isolatedNamespace(),
        monitoring: { reuseHealthFor: 0, thresholds: { responseTime: '2s' } },
      }),
      TerminusModule,
      RedisHealthModule,
    ],
    controllers: [ReadyController],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('the health endpoint', () => {
  it('answers 200 while Redis is well or degraded, with the reasons, and 503 while it is not there', async () => {
    await using server = await RedisServer.start();
    await using proxy = await TcpProxy.start(server);
    const app = await listening(proxy.url);
    try {
      const ready = async () => {
        const response = await fetch(`${await app.getUrl()}/ready`);
        const body = (await response.json()) as { status: string; details: { redis: object } };
        return { code: response.status, status: body.status, redis: body.details.redis };
      };
      const well = { code: 200, status: 'ok', redis: { status: 'up', topology: 'standalone' } };
      await eventually(async () => expect(await ready()).toMatchObject(well), PATIENCE);

      await server.configSet('maxmemory', '1');
      expect(await ready()).toMatchObject({
        code: 200,
        status: 'degraded',
        redis: {
          status: 'degraded',
          message: expect.stringContaining('maxmemory'),
          reasons: expect.arrayContaining([
            expect.objectContaining({ severity: 'degraded', code: 'writes-refused' }),
          ]),
        },
      });
      await server.configSet('maxmemory', '0');
      await eventually(async () => expect(await ready()).toMatchObject(well), PATIENCE);

      await proxy.cut({ refuse: true });
      await expect(app.get(CacheService).delete('key')).rejects.toThrow(/queued/);
      expect(await ready()).toMatchObject({
        code: 503,
        status: 'error',
        redis: {
          status: 'down',
          reasons: [
            { severity: 'unhealthy', code: 'no-answer' },
            { severity: 'degraded', code: 'invalidations-queued' },
          ],
        },
      });
      await proxy.heal();
      await eventually(async () => expect(await ready()).toMatchObject(well), PATIENCE);
    } finally {
      await app.close();
    }
  });

  it('says down for a connection that does not exist', async () => {
    await using server = await RedisServer.start();
    const app = await listening(server.url);
    try {
      const indicator = app.get(RedisHealthIndicator);
      const { redis } = await indicator.isHealthy('redis', { connection: 'none' });
      expect(redis).toEqual({ status: 'down', message: expect.stringContaining("'none'") });
    } finally {
      await app.close();
    }
  });
});

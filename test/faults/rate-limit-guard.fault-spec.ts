import type { Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { RateLimit, type RateLimitInsurance } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import {
  PLATFORMS,
  startHttpApplication,
  type HttpApplication,
  type Platform,
} from '../support/http-application.js';
import { statuses } from '../support/limited-application.js';

const LIMIT = 100;
/** Far beyond the deadline of the guard, for a busy machine, and far below what a call of a dead Redis takes. */
const BOUND_MS = 10_000;
const AT_ONCE = 50;

const limited = (name: string, limit: number, onFailure: RateLimitInsurance) =>
  RateLimit({
    policies: [{ name, limit, per: '1h', algorithm: 'sliding-window' }],
    by: 'everyone',
    onFailure,
  });

@Controller()
class LoadedPages {
  @limited('exact', LIMIT, 'closed')
  @Get('exact')
  exact(): string {
    return 'exact';
  }

  @limited('local', 5, 'local')
  @Get('local')
  local(): string {
    return 'local';
  }

  @limited('open', 5, 'open')
  @Get('open')
  open(): string {
    return 'open';
  }

  @limited('closed', 5, 'closed')
  @Get('closed')
  closed(): string {
    return 'closed';
  }
}

describe('the guard of rate limits under load', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis?.stop());

  const start = async (platform: Platform, namespace: string, deadline: '20s' | '1s') => {
    const started = await startHttpApplication(
      platform,
      { namespace, url: redis.url, rateLimit: { deadline } },
      { controllers: [LoadedPages] },
    );
    // A busy machine may be slower to use a connection again than the server is to close it.
    (started.app.getHttpServer() as Server).keepAliveTimeout = 60_000;
    return started;
  };

  /** So many requests, some at a time, to all applications in turn. */
  async function flood(apps: readonly HttpApplication[], path: string, requests: number) {
    const found: Response[] = [];
    let sent = 0;
    const client = async (): Promise<void> => {
      while (sent < requests) {
        const { status, headers, body } = await apps[sent++ % apps.length]!.request(path);
        // To the end, so that the connection can be used again.
        found.push(new Response(await text(body!), { status, headers }));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, client));
    return found;
  }

  it('lets exactly the limit through, of 2,000 requests to two applications', async () => {
    const namespace = isolatedNamespace();
    const apps = await Promise.all(PLATFORMS.map((platform) => start(platform, namespace, '20s')));
    try {
      const found = statuses(await flood(apps, '/exact', 2_000));
      expect(found.filter((status) => status === 200)).toHaveLength(LIMIT);
      expect(found.filter((status) => status === 429)).toHaveLength(2_000 - LIMIT);
    } finally {
      await Promise.all(apps.map(({ app }) => app.close()));
    }
  });

  it.each([
    { platform: 'express', how: 'hangs', away: () => redis.pause(), back: () => redis.resume() },
    {
      platform: 'fastify',
      how: 'is killed',
      away: () => redis.kill(),
      back: () => redis.restart(),
    },
  ] as const)('when Redis $how, ends in time and does what the policy says', async (fault) => {
    const namespace = isolatedNamespace();
    const app = await start(fault.platform, namespace, '1s');
    const isCounted = async (): Promise<void> => {
      expect((await app.request('/open')).status).toBe(200);
      expect(await redis.client().dbsize()).toBeGreaterThan(0);
    };
    try {
      await eventually(isCounted);
      // Under way when it happens, too.
      const during = flood([app], '/open', 200);
      await fault.away();
      try {
        for (const status of statuses(await during)) expect([200, 429]).toContain(status);

        const startedAt = performance.now();
        const passed = statuses(await flood([app], '/open', 100));
        expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
        expect(passed).toEqual(Array(100).fill(200));

        const local = statuses(await flood([app], '/local', 100));
        expect(local.filter((status) => status === 200)).toHaveLength(5);
        expect(local.filter((status) => status === 429)).toHaveLength(95);

        const closed = await flood([app], '/closed', 100);
        expect(new Set(statuses(closed))).toEqual(new Set([503]));
        expect(closed[0]!.headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(Number(closed[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await closed[0]!.json()).toMatchObject({
          type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
          status: 503,
          'violated-policies': ['closed'],
        });
      } finally {
        await fault.back();
      }
      await eventually(async () => expect((await app.request('/closed')).status).toBe(200));
      // What was let through meanwhile is not counted afterwards, and what is counted is in Redis.
      const after = statuses(await flood([app], '/local', 20));
      const passed = after.filter((status) => status === 200).length;
      expect(passed).toBeGreaterThan(0);
      expect(passed).toBeLessThanOrEqual(5);
    } finally {
      await app.app.close();
    }
  });
});

import { expect, it, jest } from '@jest/globals';
import { Logger, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  RateLimitGuard,
  RedisKitEvents,
  type RateLimitHttpOptions,
  type RedisKitOptions,
} from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, keysWithoutExpiry } from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate } from '../support/gate.js';
import {
  PLATFORMS,
  startHttpApplication,
  type HttpApplication,
} from '../support/http-application.js';
import {
  ClassPages,
  LoginPages,
  OptionPages,
  PeoplePages,
  PlainPages,
  RunningPages,
  state,
} from '../support/limited-pages.js';

const CONTROLLERS = [ClassPages, LoginPages, OptionPages, PeoplePages, PlainPages, RunningPages];
const GLOBAL = { provide: APP_GUARD, useClass: RateLimitGuard };
const HOUR = 3_600;

interface Setting extends RateLimitHttpOptions {
  readonly isGlobal?: boolean;
  readonly namespace?: string;
  readonly trustProxy?: boolean | string;
  readonly controllers?: (typeof CONTROLLERS)[number][];
}

const remaining = (response: Response): Record<string, number> =>
  Object.fromEntries(
    [...(response.headers.get('ratelimit') ?? '').matchAll(/"([\w-]+)";r=(\d+)/g)].map(
      ([, name, r]) => [name!, Number(r)],
    ),
  );
const statuses = (responses: readonly Response[]): number[] =>
  responses.map(({ status }) => status);
const inTurn = async (times: number, ask: () => Promise<Response>): Promise<Response[]> => {
  const responses = [];
  for (let at = 0; at < times; at++) responses.push(await ask());
  return responses;
};

describeTopologies(
  'rate limits of HTTP',
  (topology) => {
    // What differs between the platforms does not differ between deployments of Redis.
    for (const platform of topology.name === 'standalone' ? PLATFORMS : (['express'] as const)) {
      const withApplication = async (
        use: (app: HttpApplication, nest: INestApplication) => Promise<void>,
        { isGlobal = false, namespace, trustProxy, controllers, ...http }: Setting = {},
      ): Promise<void> => {
        state.runs = {};
        state.open = Promise.resolve();
        const kit: RedisKitOptions = {
          namespace: namespace ?? isolatedNamespace(),
          connections: { default: topology.connectionOptions() },
          rateLimit: { deadline: '20s', http },
        };
        const metadata = {
          controllers: controllers ?? CONTROLLERS,
          providers: isGlobal ? [GLOBAL] : [],
        };
        const app = await startHttpApplication(
          platform,
          kit,
          metadata,
          (nest) => {
            const express = nest.getHttpAdapter().getInstance() as {
              set?(name: string, value: unknown): void;
            };
            if (platform === 'express' && trustProxy !== undefined)
              express.set?.('trust proxy', trustProxy);
          },
          trustProxy === undefined ? {} : { trustProxy },
        );
        try {
          await use(app, app.app);
        } finally {
          await app.app.close();
        }
      };

      it(`${platform}: a page says how often it may be asked for, and when to come back`, async () => {
        await withApplication(async (app) => {
          const responses = await inTurn(4, () => app.request('/plain/page'));
          expect(statuses(responses)).toEqual([200, 200, 200, 429]);
          expect(responses.map((response) => remaining(response)['plain'])).toEqual([2, 1, 0, 0]);
          for (const response of responses) {
            expect(response.headers.get('ratelimit-policy')).toBe('"plain";q=3;w=3600');
            expect(response.headers.get('x-ratelimit-limit')).toBeNull();
          }
          expect(responses[0]!.headers.get('retry-after')).toBeNull();
          const denied = responses[3]!;
          const wait = Number(denied.headers.get('retry-after'));
          expect(wait).toBeGreaterThan(HOUR - 120);
          expect(wait).toBeLessThanOrEqual(HOUR);
          expect(denied.headers.get('ratelimit')).toBe(`"plain";r=0;t=${wait}`);
          expect(denied.headers.get('content-type')).toMatch(/^application\/problem\+json/);
          expect(await denied.json()).toEqual({
            type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
            title: 'Too Many Requests',
            status: 429,
            detail: `The quota is used up. Try again in ${wait} s.`,
            'violated-policies': ['plain'],
          });
          expect(state.runs['plain']).toBe(3);
        });
      });

      it(`${platform}: what one policy denies uses up none of the others, and only it is named`, async () => {
        await withApplication(async (app) => {
          const responses = await inTurn(5, () => app.request('/plain/two'));
          expect(statuses(responses)).toEqual([200, 200, 429, 429, 429]);
          const last = responses[4]!;
          expect(remaining(last)).toEqual({ short: 0, long: 3 });
          // A time is told of the policy that denies it, so that nothing is later than Retry-After.
          expect(last.headers.get('ratelimit')).toMatch(/^"short";r=0;t=\d+, "long";r=3$/);
          expect(await last.json()).toMatchObject({ 'violated-policies': ['short'] });
        });
      });

      it(`${platform}: a request is counted once, whatever guards it passes`, async () => {
        const policies = [{ name: 'all', limit: 50, per: '1h' }] as const;
        await withApplication(
          async (app) => {
            expect(remaining(await app.request('/plain/free'))).toEqual({ all: 49 });
            expect(remaining(await app.request('/class/a'))).toEqual({ all: 48, class: 9 });
            expect(remaining(await app.request('/class/b'))).toEqual({
              all: 47,
              class: 8,
              first: 18,
              second: 27,
            });
            expect(remaining(await app.request('/class/free'))).toEqual({});
            expect(remaining(await app.request('/class/a'))).toEqual({ all: 46, class: 7 });
          },
          { isGlobal: true, policies },
        );
      });

      it(`${platform}: headers are those that are asked for`, async () => {
        await withApplication(
          async (app) => {
            const response = await app.request('/plain/two');
            expect(response.headers.get('ratelimit')).toBeNull();
            expect(response.headers.get('x-ratelimit-limit')).toBe('2');
            expect(response.headers.get('x-ratelimit-remaining')).toBe('1');
            expect(Number(response.headers.get('x-ratelimit-reset'))).toBeGreaterThan(HOUR - 120);
          },
          { headers: 'legacy' },
        );
      });

      it(`${platform}: users are counted when they are known, wherever the guard that knows them stands`, async () => {
        await withApplication(
          async (app) => {
            for (const page of ['above', 'below']) {
              const as = (name: string) =>
                app.request(`/people/${page}`, { headers: { 'x-name': name } });
              expect(statuses(await inTurn(3, () => as('ada')))).toEqual([200, 200, 429]);
              expect((await as('grace')).status).toBe(200);
              // Who is not let in is not counted as anybody.
              expect((await as('nobody')).status).toBe(401);
            }
          },
          { isGlobal: true },
        );
      });

      it(`${platform}: a policy by address counts before guards, one by user after them, and a denial takes back both`, async () => {
        await withApplication(async (app) => {
          const as = (name: string) =>
            app.request('/people/below', { headers: { 'x-name': name } });
          expect(remaining(await as('ada'))).toEqual({ all: 3, mine: 1 });
          expect(remaining(await as('ada'))).toEqual({ all: 2, mine: 0 });
          expect((await as('ada')).status).toBe(429);
          // It was taken back; whom the other guard refuses is counted.
          expect((await as('nobody')).status).toBe(401);
          await eventually(async () => expect((await as('ada')).status).toBe(429));
          expect(remaining(await as('grace'))).toEqual({ all: 0, mine: 1 });
          expect(await (await as('grace')).json()).toMatchObject({ 'violated-policies': ['all'] });
        });
      });

      it(`${platform}: a fallback is used for whom the first tracker does not know`, async () => {
        await withApplication(async (app) => {
          const anybody = (headers: Record<string, string>) =>
            app.request('/people/anybody', { headers });
          expect(statuses(await inTurn(3, () => anybody({})))).toEqual([200, 200, 429]);
          expect((await anybody({ 'x-name': 'ada' })).status).toBe(200);
          // Without a fallback it is an error, and not everybody at once.
          expect((await app.request('/people/above')).status).toBe(500);
          expect((await app.request('/people/key')).status).toBe(500);
        });
      });

      it(`${platform}: limits depend on the tier, and on whatever a function says`, async () => {
        await withApplication(async (app) => {
          const tier = (name: string, as: string) =>
            app.request('/people/tiers', { headers: { 'x-name': name, 'x-tier': as } });
          expect(statuses(await inTurn(2, () => tier('ada', 'free')))).toEqual([200, 429]);
          expect(statuses(await inTurn(4, () => tier('grace', 'pro')))).toEqual([
            200, 200, 200, 429,
          ]);
          // Of a tier that nobody has thought of, and of one that every object has.
          expect(statuses(await inTurn(2, () => tier('joan', 'constructor')))).toEqual([200, 429]);
          const asked = (limit: string, cost: string) =>
            app.request('/options/asked', { headers: { 'x-limit': limit, 'x-cost': cost } });
          expect(remaining(await asked('10', '4'))).toEqual({ asked: 6 });
          expect((await asked('5', '2')).status).toBe(429);
          expect(remaining(await asked('20', '2'))).toEqual({ asked: 14 });
        });
      });

      it(`${platform}: some requests are not limited, and some clients are refused`, async () => {
        await withApplication(
          async (app) => {
            const some = (headers: Record<string, string> = {}) =>
              app.request('/options/some', { headers });
            expect((await some()).status).toBe(200);
            expect((await some()).status).toBe(429);
            expect((await some({ 'x-when': 'no' })).status).toBe(200);
            expect((await some({ 'x-skip': 'yes' })).status).toBe(200);

            const from = (address: string) =>
              app.request('/options/lists', { headers: { 'x-forwarded-for': address } });
            expect(statuses(await inTurn(3, () => from('10.1.2.3')))).toEqual([200, 200, 200]);
            expect(statuses(await inTurn(2, () => from('203.0.113.7')))).toEqual([200, 429]);
            const refused = await from('::ffff:192.0.2.77');
            expect(refused.status).toBe(403);
            expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
            expect(await refused.json()).toMatchObject({ status: 403, title: 'Forbidden' });
          },
          { trustedProxies: 1 },
        );
      });

      it(`${platform}: a policy in shadow denies nothing, and says what it would have denied`, async () => {
        await withApplication(async (app, nest) => {
          const events: unknown[] = [];
          nest.get(RedisKitEvents).on('rate-limit.shadow-denied', (event) => events.push(event));
          const responses = await inTurn(4, () => app.request('/options/shadow'));
          expect(statuses(responses)).toEqual([200, 200, 200, 429]);
          expect(remaining(responses[0]!)).toEqual({ enforced: 2 });
          expect(events).toEqual(
            Array(2).fill({
              route: 'OptionPages.shadow',
              policies: ['watched'],
              retryAfterMs: expect.any(Number),
            }),
          );
        });
      });

      it(`${platform}: the narrowest tracker is asked first, and its denial costs the others nothing`, async () => {
        await withApplication(async (app) => {
          const withKey = (key: string) =>
            app.request('/options/narrow', { headers: { 'x-api-key': key } });
          expect(remaining(await withKey('a'))).toEqual({ tight: 0, wide: 4 });
          expect(statuses(await inTurn(9, () => withKey('a')))).toEqual(Array(9).fill(429));
          expect(remaining(await withKey('b'))).toEqual({ tight: 0, wide: 3 });
        });
      });

      it(`${platform}: X-Forwarded-For changes nothing, unless a proxy is trusted that writes it`, async () => {
        let at = 0;
        const spoofed = (app: HttpApplication) => () =>
          app.request('/plain/page', { headers: { 'x-forwarded-for': `198.51.100.${at++}` } });
        const denied = [200, 200, 200, 429, 429];
        await withApplication(async (app) => {
          expect(statuses(await inTurn(5, spoofed(app)))).toEqual(denied);
        });
        // One proxy: what is left of its entry is the client's own invention.
        const viaProxy = (app: HttpApplication, client: string) => () =>
          app.request('/plain/page', {
            headers: { 'x-forwarded-for': `198.51.100.${at++}, ${client}` },
          });
        for (const setting of [
          { trustedProxies: 1 },
          { trustProxy: '127.0.0.1' },
          { trustedProxies: ['127.0.0.1'] },
        ]) {
          await withApplication(async (app) => {
            expect(statuses(await inTurn(5, viaProxy(app, '203.0.113.7')))).toEqual(denied);
            expect((await viaProxy(app, '203.0.113.8')()).status).toBe(200);
            // Another address of the same network of a customer is the same client.
            const lines = [
              '2001:db8:0:1::1',
              '2001:db8:0:2::9',
              '2001:db8:0:3:ffff::',
              '2001:db8:0:ff::1',
            ];
            const found = [];
            for (const line of lines) found.push((await viaProxy(app, line)()).status);
            expect(found).toEqual([200, 200, 200, 429]);
          }, setting);
        }
      });

      it(`${platform}: an application that believes everybody is told so at boot`, async () => {
        const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
        const warnings = () =>
          warn.mock.calls.filter(([text]) => String(text).includes('believes any X-Forwarded-For'));
        try {
          for (const setting of [
            {},
            { trustProxy: '127.0.0.1' },
            { trustProxy: true, trustedProxies: 1 },
          ]) {
            await withApplication(async () => undefined, setting);
            expect(warnings()).toEqual([]);
          }
          await withApplication(async () => undefined, { trustProxy: true });
          expect(warnings()).toHaveLength(1);
        } finally {
          warn.mockRestore();
        }
      });

      it(`${platform}: no header and no key can be written with what a client sends`, async () => {
        const namespace = isolatedNamespace();
        await withApplication(
          async (app) => {
            const secret = 'secret}:{x"; q=9';
            const response = await app.request('/people/key', {
              headers: { 'x-api-key': secret, 'x-forwarded-for': 'a"}{, \\' },
            });
            expect(response.headers.get('ratelimit')).toMatch(/^"key";r=1;t=\d+$/);
            await topology.admin.ping();
            const masters = await topology.masters();
            const keys = await Promise.all(
              masters.map((master) => master.client().keys(`${namespace}:*`)),
            );
            expect(keys.flat().length).toBeGreaterThan(0);
            for (const key of keys.flat())
              expect(key).toMatch(/^[\w:.~@/-]+\{[\w:.~@/-]+\}[\w:.~-]*$/);
            expect(keys.flat().join()).not.toContain('secret');
            expect(await keysWithoutExpiry(topology.admin, `${namespace}:*`)).toEqual([]);
          },
          { namespace },
        );
      });

      it(`${platform}: what runs at the same time is limited until it has been answered, failed or given up`, async () => {
        await withApplication(async (app) => {
          const held = gate<void>();
          state.open = held.factory();
          const started = () => state.runs['wait'] ?? 0;
          const abort = new AbortController();
          const aborted = app
            .request('/running/aborted', { signal: abort.signal })
            .catch(() => undefined);
          await eventually(() => expect(started()).toBe(1));
          const failing = app.request('/running/fail');
          await eventually(() => expect(started()).toBe(2));
          const denied = await app.request('/running/third');
          expect(denied.status).toBe(429);
          expect(denied.headers.get('ratelimit-policy')).toBe(
            '"running";q=2;qu="concurrent-requests"',
          );
          abort.abort();
          await aborted;
          // The handler still waits; who asked for it is gone, and so is its place.
          const fourth = eventually(async () => {
            const response = await app.request('/running/fourth');
            expect(response.status).toBe(200);
          });
          await eventually(() => expect(started()).toBe(3));
          expect((await app.request('/running/fifth')).status).toBe(429);
          held.open();
          expect((await failing).status).toBe(500);
          await fourth;
          await eventually(async () => {
            const both = await Promise.all([app.request('/running/a'), app.request('/running/b')]);
            expect(statuses(both)).toEqual([200, 200]);
          });
        });
      });

      it(`${platform}: only failed logins count, and those on their way count until they have succeeded`, async () => {
        await withApplication(async (app) => {
          const login = (user: string, password: string) =>
            app.request(`/login?user=${user}&password=${password}`, { method: 'POST' });
          expect(statuses(await inTurn(2, () => login('ada', 'wrong')))).toEqual([401, 401]);
          for (let times = 0; times < 4; times++) {
            await eventually(async () => expect((await login('ada', 'right')).status).toBe(200));
          }
          await eventually(async () => expect((await login('ada', 'wrong')).status).toBe(401));
          expect(statuses(await inTurn(3, () => login('ada', 'right')))).toEqual([429, 429, 429]);

          // Ten at once, before the first is answered.
          const held = gate<void>();
          state.open = held.factory();
          state.runs = {};
          const attempts = Array.from({ length: 10 }, () => login('grace', 'wrong'));
          const refused: number[] = [];
          for (const attempt of attempts) void attempt.then(({ status }) => refused.push(status));
          await eventually(() => expect(refused).toEqual(Array(7).fill(429)));
          held.open();
          const all = statuses(await Promise.all(attempts));
          expect(all.filter((status) => status === 401)).toHaveLength(3);
          expect(state.runs['login']).toBe(3);
        });
      });
    }
  },
  { only: ['standalone', 'cluster'] },
);

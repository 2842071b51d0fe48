import { expect, it } from '@jest/globals';
import { RedisKitEvents } from 'nestjs-redis-kit';
import {
  inTurn,
  remaining,
  statuses,
  withLimitedPages,
  type LimitedSetting,
} from '../support/limited-application.js';
import { state } from '../support/limited-pages.js';
import type { INestApplication } from '@nestjs/common';
import { describeTopologies } from '../support/describe-topologies.js';
import { PLATFORMS, type HttpApplication } from '../support/http-application.js';

const HOUR = 3_600;

describeTopologies(
  'rate limits of HTTP',
  (topology) => {
    // What differs between the platforms does not differ between deployments of Redis.
    for (const platform of topology.name === 'standalone' ? PLATFORMS : (['express'] as const)) {
      const withApplication = (
        use: (app: HttpApplication, nest: INestApplication) => Promise<void>,
        setting?: LimitedSetting,
      ) => withLimitedPages(platform, topology, use, setting);

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
            Array.from({ length: 2 }, () => ({
              route: 'OptionPages.shadow',
              policies: ['watched'],
              retryAfterMs: expect.any(Number),
            })),
          );
        });
      });
    }
  },
  { only: ['standalone', 'cluster'] },
);

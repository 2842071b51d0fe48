import { expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { eventually, isolatedNamespace, keysWithoutExpiry } from 'nestjs-redis-kit/testing';
import {
  inTurn,
  remaining,
  statuses,
  withLimitedPages,
  type LimitedSetting,
} from '../support/limited-application.js';
import type { INestApplication } from '@nestjs/common';
import { describeTopologies } from '../support/describe-topologies.js';
import { PLATFORMS, type HttpApplication } from '../support/http-application.js';

describeTopologies(
  'whom rate limits count',
  (topology) => {
    for (const platform of PLATFORMS) {
      const withApplication = (
        use: (app: HttpApplication, nest: INestApplication) => Promise<void>,
        setting?: LimitedSetting,
      ) => withLimitedPages(platform, topology, use, setting);

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

      it(`${platform}: the narrowest tracker is asked first, and its denial costs the others nothing`, async () => {
        await withApplication(async (app) => {
          const withKey = (key: string) =>
            app.request('/options/narrow', { headers: { 'x-api-key': key } });
          expect(remaining(await withKey('a'))).toEqual({ tight: 0, wide: 4 });
          const [master] = await topology.masters();
          const { evalsha = 0 } = await master!.commandsDuring(async () => {
            expect(statuses(await inTurn(9, () => withKey('a')))).toEqual(Array(9).fill(429));
          });
          // The wide one would have been counted and given back: twice nine.
          expect(evalsha).toBeLessThanOrEqual(9);
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
    }
  },
  { only: ['standalone'] },
);

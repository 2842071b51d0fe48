import { expect, it } from '@jest/globals';
import { eventually } from 'nestjs-redis-kit/testing';
import { gate } from '../support/gate.js';
import {
  inTurn,
  statuses,
  withLimitedPages,
  type LimitedSetting,
} from '../support/limited-application.js';
import { state } from '../support/limited-pages.js';
import type { INestApplication } from '@nestjs/common';
import { describeTopologies } from '../support/describe-topologies.js';
import { PLATFORMS, type HttpApplication } from '../support/http-application.js';

describeTopologies(
  'limits that end with the response',
  (topology) => {
    // What differs between the platforms does not differ between deployments of Redis.
    for (const platform of topology.name === 'standalone' ? PLATFORMS : (['express'] as const)) {
      const withApplication = (
        use: (app: HttpApplication, nest: INestApplication) => Promise<void>,
        setting?: LimitedSetting,
      ) => withLimitedPages(platform, topology, use, setting);

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

      it(`${platform}: what takes longer than its lease keeps its place until it has been answered`, async () => {
        await withApplication(async (app) => {
          const held = gate<void>();
          state.open = held.factory();
          const long = app.request('/long');
          await eventually(() => expect(state.runs['long']).toBe(1));
          const startedAt = performance.now();
          while (performance.now() - startedAt < 4_000) {
            expect((await app.request('/long')).status).toBe(429);
          }
          held.open();
          expect((await long).status).toBe(200);
          await eventually(async () => expect((await app.request('/long')).status).toBe(200));
          expect(state.runs['long']).toBe(2);
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

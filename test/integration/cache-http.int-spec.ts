import { expect, it } from '@jest/globals';
import { ClassSerializerInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { CacheService, HttpCacheInterceptor, type RedisKitOptions } from 'nestjs-redis-kit';
import { isolatedNamespace } from 'nestjs-redis-kit/testing';
import { describeTopologies } from '../support/describe-topologies.js';
import {
  PLATFORMS,
  startHttpApplication,
  type HttpApplication,
} from '../support/http-application.js';
import { Pages, ScopedPages, state } from '../support/http-pages.js';

const cacheStatus = (response: Response): string => response.headers.get('cache-status') ?? '';
const GLOBAL = { provide: APP_INTERCEPTOR, useClass: HttpCacheInterceptor };
const SERIALIZER = { provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor };

describeTopologies('HTTP cache', (topology) => {
  for (const platform of PLATFORMS) {
    const withApplications = async (
      size: number,
      use: (...apps: HttpApplication[]) => Promise<void>,
      { isGlobal = true, ...options }: RedisKitOptions & { isGlobal?: boolean } = {},
    ): Promise<void> => {
      state.runs = {};
      state.gate = undefined;
      const kit: RedisKitOptions = {
        namespace: isolatedNamespace(),
        connections: { default: topology.connectionOptions() },
        caches: { default: { deadline: '5s' } },
        ...options,
      };
      const providers = isGlobal ? [GLOBAL, SERIALIZER] : [SERIALIZER];
      const metadata = { controllers: [Pages, ScopedPages], providers };
      const apps = await Promise.all(
        Array.from({ length: size }, () => startHttpApplication(platform, kit, metadata)),
      );
      try {
        await use(...apps);
      } finally {
        await Promise.all(apps.map(({ app }) => app.close()));
      }
    };
    const json = async (response: Promise<Response>): Promise<unknown> => (await response).json();

    it(`${platform}: two applications share pages, and say where they come from`, async () => {
      await withApplications(2, async (one, two) => {
        const first = await one!.request('/pages/plain/1');
        expect(await first.json()).toEqual({ id: '1', run: 1, at: new Date(0).toISOString() });
        expect(cacheStatus(first)).toBe('RedisKit; fwd=miss; stored');
        expect(first.headers.get('cache-control')).toBe('no-cache');
        expect(first.headers.get('age')).toBeNull();
        const second = await two!.request('/pages/plain/1');
        expect(await second.json()).toEqual({ id: '1', run: 1, at: new Date(0).toISOString() });
        expect(cacheStatus(second)).toMatch(/^RedisKit; hit; ttl=\d+$/);
        expect(Number(second.headers.get('age'))).toBeGreaterThanOrEqual(0);
        for (const name of ['etag', 'content-type', 'vary', 'cache-control']) {
          expect(second.headers.get(name)).toBe(first.headers.get(name));
        }
        expect(await json(one!.request('/pages/plain/2'))).toMatchObject({ id: '2', run: 1 });
        // The spelling of a path does not make another page of it.
        expect(await json(one!.request('/pages/plain/%31'))).toMatchObject({ id: '1', run: 1 });
      });
    });

    it(`${platform}: HEAD shares the page of GET, and a client that has it gets 304`, async () => {
      await withApplications(1, async (app) => {
        const head = await app!.request('/pages/plain/1', { method: 'HEAD' });
        expect([head.status, await head.text()]).toEqual([200, '']);
        const page = await app!.request('/pages/plain/1');
        expect(await page.json()).toMatchObject({ run: 1 });
        const etag = page.headers.get('etag')!;
        expect(etag).toMatch(/^"[\w-]+"$/);
        for (const ifNoneMatch of [etag, `"other", W/${etag}`, '*']) {
          const again = await app!.request('/pages/plain/1', {
            headers: { 'if-none-match': ifNoneMatch },
          });
          expect([again.status, await again.text()]).toEqual([304, '']);
          expect(again.headers.get('etag')).toBe(etag);
        }
        const changed = await app!.request('/pages/plain/1', {
          headers: { 'if-none-match': '"other"' },
        });
        expect(changed.status).toBe(200);
        expect(await json(app!.request('/pages/plain', { method: 'POST' }))).toEqual({ run: 1 });
        expect(await json(app!.request('/pages/plain', { method: 'POST' }))).toEqual({ run: 2 });
      });
    });

    it(`${platform}: one handler runs for all concurrent requests; its error is shared and not kept`, async () => {
      await withApplications(2, async (one, two) => {
        for (const page of ['slow', 'failing']) {
          let open!: () => void;
          let enter!: () => void;
          const entered = new Promise<void>((resolve) => (enter = resolve));
          state.gate = { enter, open: new Promise((resolve) => (open = resolve)) };
          const requests = [one!.request(`/pages/${page}`)];
          await entered;
          const others = page === 'slow' ? [one!, two!] : [one!];
          for (const app of others) {
            for (let i = 0; i < 20; i++) requests.push(app.request(`/pages/${page}`));
          }
          open();
          const responses = await Promise.all(requests);
          const statuses = new Set(responses.map(({ status }) => status));
          expect(statuses).toEqual(new Set([page === 'slow' ? 200 : 500]));
          const told = responses.slice(1).map(cacheStatus);
          if (page === 'slow') {
            expect(state.runs[page]).toBe(1);
            expect(told.every((status) => /collapsed|hit/.test(status))).toBe(true);
          } else {
            const before = state.runs[page]!;
            await one!.request(`/pages/${page}`);
            expect(state.runs[page]).toBe(before + 1);
          }
        }
      });
    });

    const CREDENTIALS = ['authorization', 'cookie', 'x-api-key'];

    it(`${platform}: one user never gets the page of another, nor of a guest`, async () => {
      await withApplications(2, async (one, two) => {
        for (const header of CREDENTIALS) {
          for (const app of [one!, two!, one!]) {
            for (const value of ['sid=ann', 'sid=bob', '']) {
              const headers: Record<string, string> = value ? { [header]: value } : {};
              const response = await app.request('/pages/who', { headers });
              const { who } = (await response.json()) as { who: string };
              expect(who.replaceAll('|', '')).toBe(value);
              if (value) expect(cacheStatus(response)).toMatch(/^RedisKit; fwd=bypass; detail=/);
            }
          }
        }
        expect((await one!.request('/pages/who')).headers.get('vary')).toMatch(
          /authorization, cookie/i,
        );
      });
    });

    it(`${platform}: pages of users are kept for each where varyBy.user tells them apart`, async () => {
      await withApplications(1, async (app) => {
        for (const run of [1, 2]) {
          for (const key of ['ann', 'bob']) {
            const response = await app!.request('/pages/mine', { headers: { 'x-api-key': key } });
            const { who } = (await response.json()) as { who: string };
            expect(who).toBe(`||${key}`);
            expect(cacheStatus(response)).toMatch(run === 1 ? /stored/ : /hit/);
            expect(response.headers.get('cache-control')).toBe('private, no-cache');
          }
        }
        // A credential that does not lead to a user is nobody's.
        const headers = { authorization: 'Bearer x' };
        expect(cacheStatus(await app!.request('/pages/mine', { headers }))).toMatch(/bypass/);
        expect(await json(app!.request('/pages/shared', { headers }))).toEqual({ run: 1 });
        expect(await json(app!.request('/pages/shared'))).toEqual({ run: 1 });
      });
    });

    it(`${platform}: listed query parameters make pages, others are ignored, and none listed is a bypass`, async () => {
      await withApplications(1, async (app) => {
        const first = await json(app!.request('/pages/list?sort=a&page=1&utm=x'));
        expect(first).toEqual({ page: '1', sort: 'a', run: 1 });
        expect(await json(app!.request('/pages/list?page=1&bust=7&sort=a'))).toEqual(first);
        for (const query of ['page=1', 'page=1&sort=', 'page=1&sort=a&sort=b', 'page=2&sort=a']) {
          const before = state.runs['list']!;
          await app!.request(`/pages/list?${query}`);
          expect(state.runs['list']).toBe(before + 1);
        }
        const bypassed = await app!.request('/pages/plain/1?page=2');
        expect(cacheStatus(bypassed)).toBe('RedisKit; fwd=bypass; detail=query');
      });
    });

    it(`${platform}: what responses vary by has to be listed; ignored cookies do not matter`, async () => {
      await withApplications(1, async (app) => {
        for (const language of ['de', 'en', 'de']) {
          const headers = { 'accept-language': language, cookie: '_ga_1=x' };
          const page = await json(app!.request('/pages/language', { headers }));
          expect(page).toMatchObject({ language });
        }
        expect(state.runs['language']).toBe(2);
        for (const path of ['vary/*', 'vary/X-Tenant', 'set-cookie']) {
          await app!.request(`/pages/${path}`);
          const again = await app!.request(`/pages/${path}`);
          expect(cacheStatus(again)).toMatch(/^RedisKit; fwd=miss; detail=(vary|set-cookie)$/);
          expect(await again.json()).not.toEqual({ run: 1 });
        }
        for (const directive of ['private', 'no-store', 'max-age=0', 'public, s-maxage=0']) {
          const path = `/pages/control/${encodeURIComponent(directive)}`;
          await app!.request(path);
          expect(cacheStatus(await app!.request(path))).toMatch(/detail=cache-control/);
        }
        await app!.request('/pages/control/max-age=60');
        const kept = await app!.request('/pages/control/max-age=60');
        expect(cacheStatus(kept)).toMatch(/hit; ttl=[1-5]?\d$/);
        expect(kept.headers.get('cache-control')).toBe('max-age=60');
      });
    });

    it(`${platform}: a tag drops pages in every process`, async () => {
      await withApplications(2, async (one, two) => {
        for (const id of ['1', '2']) await one!.request(`/pages/product/${id}`);
        await two!.app.get(CacheService).invalidateTags('product:1');
        expect(await json(one!.request('/pages/product/1'))).toEqual({ id: '1', run: 3 });
        expect(await json(one!.request('/pages/product/2'))).toEqual({ id: '2', run: 2 });
        await one!.app.get(CacheService).invalidateTags('products');
        expect(await json(two!.request('/pages/product/2'))).toEqual({ id: '2', run: 4 });
      });
    });

    it(`${platform}: a parameter too long for a tag passes by the cache, whoever chose it`, async () => {
      await withApplications(1, async (app) => {
        const path = `/pages/search?q=${'x'.repeat(600)}`;
        for (const run of [1, 2]) {
          const page = await app!.request(path);
          expect([page.status, cacheStatus(page)]).toEqual([
            200,
            'RedisKit; fwd=bypass; detail=tag',
          ]);
          expect(await page.json()).toMatchObject({ run });
        }
        const longest = `/pages/search?q=${'x'.repeat(500)}`;
        await app!.request(longest);
        expect(cacheStatus(await app!.request(longest))).toMatch(/^RedisKit; hit/);
      });
    });

    it(`${platform}: status, chosen headers and listed errors are kept, other errors are not`, async () => {
      await withApplications(1, async (app) => {
        for (const code of ['200', '203', '404']) {
          await app!.request(`/pages/status/${code}`);
          const hit = await app!.request(`/pages/status/${code}`);
          expect([hit.status, cacheStatus(hit).slice(0, 13)]).toEqual([
            Number(code),
            'RedisKit; hit',
          ]);
          expect(await hit.json()).toEqual({ run: 1 });
          expect(hit.headers.get('x-kept')).toBe('kept 1');
          expect(hit.headers.get('x-dropped')).toBeNull();
          expect(hit.headers.get('content-type')).toMatch(/^application\/vnd\.test\+json/);
        }
        for (const run of [1, 2]) {
          const thrown = await app!.request('/pages/status/thrown');
          expect([thrown.status, await thrown.json()]).toEqual([404, { run: 1 }]);
          expect(cacheStatus(thrown)).toMatch(run === 1 ? /stored/ : /hit/);
          expect(await json(app!.request('/pages/status/503'))).toEqual({ run });
        }
        await app!.request('/pages/brief');
        // Its millisecond is over once the next one has begun.
        const before = Date.now();
        while (Date.now() < before + 2) await app!.request('/pages/excluded');
        expect(await json(app!.request('/pages/brief'))).toEqual({ run: 2 });
      });
    });

    it(`${platform}: leaves alone what is not made of a returned value, and what is excluded`, async () => {
      await withApplications(1, async (app) => {
        const text = async (path: string) =>
          (await app!.request(path, { redirect: 'manual' })).text();
        for (const run of [1, 2, 3]) {
          expect(await text('/pages/manual')).toBe(`manual ${run}`);
          expect(await text('/pages/file')).toBe(`file ${run}`);
          expect(await text('/pages/events')).toContain(`data: event ${run}`);
          expect(await json(app!.request('/pages/excluded'))).toEqual({ run });
          const redirect = await app!.request('/pages/redirect', { redirect: 'manual' });
          expect(redirect.headers.get('location')).toBe(`/pages/plain/${run}`);
          expect(await text('/pages/text')).toBe('text 1');
          expect(await text('/pages/nothing')).toBe('');
        }
        expect(state.runs['nothing']).toBe(1);
      });
    });

    it(`${platform}: excluded fields never leak, inside and outside of the serializer`, async () => {
      await withApplications(1, async (app) => {
        for (let i = 0; i < 2; i++) {
          expect(await json(app!.request('/pages/instance'))).toEqual([{ id: '1' }]);
          const page = await json(app!.request('/scoped'));
          expect(page).toEqual({ method: 'GET', run: 1 });
        }
      });
      await withApplications(
        1,
        async (app) => {
          for (const run of [1, 2]) {
            const response = await app!.request('/scoped/instance');
            expect(await response.json()).toEqual({ product: { id: '1' }, run });
            expect(cacheStatus(response)).toBe('RedisKit; fwd=miss; detail=body');
            expect(await json(app!.request('/scoped'))).toEqual({ method: 'GET', run: 1 });
            expect(await json(app!.request('/pages/plain/1'))).toMatchObject({ run });
          }
        },
        { isGlobal: false },
      );
    });

    it(`${platform}: clients make a page anew only where they may`, async () => {
      await withApplications(1, async (app) => {
        const headers = { 'cache-control': 'no-cache' };
        for (const run of [1, 2]) {
          const page = await app!.request('/pages/reload', { headers });
          expect(await page.json()).toEqual({ run });
          expect(page.headers.get('cache-control')).toBe('public, max-age=60');
          expect(await json(app!.request('/pages/plain/1', { headers }))).toMatchObject({ run: 1 });
        }
        expect(await json(app!.request('/pages/reload'))).toEqual({ run: 2 });
      });
    });
  }

  it.each(PLATFORMS)('%s: the handler answers while Redis is away', async (platform) => {
    state.runs = {};
    const { app, request } = await startHttpApplication(
      platform,
      { connections: { default: topology.connectionOptions() } },
      { controllers: [Pages], providers: [GLOBAL] },
    );
    try {
      await request('/pages/plain/1');
      await topology.killAll();
      for (const run of [2, 3]) {
        const response = await request('/pages/plain/1');
        expect(await response.json()).toMatchObject({ run });
        expect(cacheStatus(response)).toBe('RedisKit; fwd=miss');
      }
    } finally {
      await topology.restartAll();
      await app.close();
    }
  });
});

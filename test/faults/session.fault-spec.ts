import { describe, expect, it } from '@jest/globals';
import { SessionUnavailableException } from 'nestjs-redis-kit/session';
import { eventually, isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { parseSessionId } from '../../libs/redis-kit/src/session/session-id.js';
import { Sessions } from '../../libs/redis-kit/src/session/sessions.js';
import { PLATFORMS } from '../support/http-application.js';
import type { Browser } from '../support/browser.js';
import { describeTopologies } from '../support/describe-topologies.js';
import {
  idOf,
  startSessionApplication,
  type SessionApplication,
} from '../support/session-application.js';
import type { Topology } from '../support/topologies/topology.js';

const PATIENCE = { within: 40_000 };
const DEADLINE_MS = 1_000;
/** What a busy machine may add; the promise under test is "bounded", the fault is "for ever". */
const SLACK_MS = 5_000;

interface Answers {
  known: number;
  unavailable: number;
  /** Answered as if nobody were logged in: what must never happen. */
  anonymous: number;
  slowestMs: number;
}

/** Asks for who is logged in until it is told to stop. */
async function ask(browser: Browser, until: () => boolean): Promise<Answers> {
  const answers: Answers = { known: 0, unavailable: 0, anonymous: 0, slowestMs: 0 };
  const worker = async (): Promise<void> => {
    while (!until()) {
      const startedAt = performance.now();
      const response = await browser.request('/me');
      answers.slowestMs = Math.max(answers.slowestMs, performance.now() - startedAt);
      if (response.status === 503) {
        expect(Number(response.headers.get('retry-after'))).toBe(5);
        await response.body?.cancel();
        answers.unavailable += 1;
      } else {
        const { userId } = (await response.json()) as { userId: string | null };
        answers[userId === 'anna' ? 'known' : 'anonymous'] += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  return answers;
}

const start = (topology: Topology): Promise<SessionApplication> =>
  startSessionApplication(
    'express',
    { namespace: isolatedNamespace(), connections: { default: topology.connectionOptions() } },
    { deadline: DEADLINE_MS },
  );

async function loggedIn(application: SessionApplication): Promise<Browser> {
  const browser = application.browser();
  await eventually(async () => {
    expect((await browser.request('/login/anna', { method: 'POST' })).status).toBe(201);
  }, PATIENCE);
  return browser;
}

describeTopologies('sessions while Redis is away', (topology) => {
  it.each([
    { name: 'hung (SIGSTOP)', keepsData: true },
    { name: 'dead (kill -9)', keepsData: false },
  ])(
    '$name: nobody is taken for a guest, and everybody is told when to come back',
    async ({ keepsData }) => {
      const application = await start(topology);
      try {
        const browser = await loggedIn(application);
        let isOver = false;
        const asking = ask(browser, () => isOver);
        if (keepsData) topology.pauseAll();
        else await topology.killAll();
        try {
          await eventually(async () => {
            expect((await browser.request('/me')).status).toBe(503);
          }, PATIENCE);
          const login = await application.browser().request('/login/berta', { method: 'POST' });
          expect([login.status, login.headers.get('retry-after')]).toEqual([503, '5']);
        } finally {
          isOver = true;
          const answers = await asking;
          expect(answers.anonymous).toBe(0);
          expect(answers.unavailable).toBeGreaterThan(0);
          expect(answers.slowestMs).toBeLessThan(DEADLINE_MS + SLACK_MS);
          if (keepsData) await topology.resumeAll();
          else await topology.restartAll();
        }
        await eventually(async () => {
          const { userId } = await browser.get<{ userId: string | null }>('/me');
          // Servers that lost their data lost the sessions, too.
          expect(userId).toBe(keepsData ? 'anna' : null);
        }, PATIENCE);
        await loggedIn(application);
      } finally {
        await application.app.close();
      }
    },
    150_000,
  );
});

describeTopologies(
  'sessions in a failover',
  (topology) => {
    it('go on at the new master, and those that are revoked there end', async () => {
      const application = await start(topology);
      try {
        const browser = await loggedIn(application);
        const other = await loggedIn(application);
        await browser.post('/set', { kept: true });
        for (const master of await topology.masters()) await master.client().wait(1, 20_000);
        let isOver = false;
        const asking = ask(browser, () => isOver);
        await topology.failover!();
        await eventually(async () => {
          expect(await browser.get('/me')).toEqual({ userId: 'anna', data: { kept: true } });
          await browser.post('/set', { written: true });
          expect(await browser.get('/me')).toMatchObject({ data: { written: true } });
        }, PATIENCE);
        isOver = true;
        expect((await asking).anonymous).toBe(0);
        await eventually(async () => {
          expect(await browser.post('/revoke-others')).toHaveProperty('revoked');
        }, PATIENCE);
        await eventually(async () => {
          expect(await other.get('/me')).toMatchObject({ userId: null });
        }, PATIENCE);
        expect(await browser.get('/me')).toMatchObject({ userId: 'anna' });
      } finally {
        await application.app.close();
      }
    }, 150_000);
  },
  { only: ['sentinel', 'cluster'] },
);

describe.each(PLATFORMS)('sessions on %s', (platform) => {
  it('answer 503 with Retry-After when Redis is away, and go on when it is back', async () => {
    await using redis = await RedisServer.start();
    const application = await startSessionApplication(
      platform,
      { url: redis.url },
      { deadline: '500ms', retryAfter: '7s' },
    );
    try {
      const browser = await loggedIn(application);
      redis.pause();
      try {
        const response = await browser.request('/me');
        expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7']);
        for (const path of ['/logout', '/revoke-others', '/confirm', '/devices']) {
          const method = path === '/devices' ? 'GET' : 'POST';
          const refused = await browser.request(path, { method });
          expect([path, refused.status, refused.headers.get('retry-after')]).toEqual([
            path,
            503,
            '7',
          ]);
        }
        // Without a cookie it is the login itself that finds out.
        const login = await application.browser().request('/login/berta', { method: 'POST' });
        expect([login.status, login.headers.get('retry-after')]).toEqual([503, '7']);
        const revocation = application.sessions.revokeAll('berta');
        await expect(revocation).rejects.toBeInstanceOf(SessionUnavailableException);
        await expect(revocation).rejects.toMatchObject({ retryAfterMs: 7_000 });
        // Who has no cookie needs no Redis.
        expect((await application.browser().request('/me')).status).toBe(200);
      } finally {
        redis.resume();
      }
      await eventually(async () => {
        expect(await browser.get('/me')).toMatchObject({ userId: 'anna' });
      }, PATIENCE);
    } finally {
      await application.app.close();
    }
  });

  it('go on under the id they have when they cannot be renewed', async () => {
    await using redis = await RedisServer.start();
    const application = await startSessionApplication(
      platform,
      { url: redis.url },
      { deadline: '20s', touchEvery: 0, renewal: '1s' },
    );
    try {
      const browser = await loggedIn(application);
      const core = application.app.get(Sessions);
      const before = idOf(browser);
      const renewalIsDue = () =>
        eventually(async () => {
          const { state } = (await core.load(parseSessionId(before)!))!;
          expect(core.isRenewalDue(state)).toBe(true);
        }, PATIENCE);
      await renewalIsDue();
      await redis.client().call('ACL', 'SETUSER', 'default', '-evalsha', '-eval');
      expect(await browser.get('/me')).toMatchObject({ userId: 'anna' });
      expect(idOf(browser)).toBe(before);
      await redis.client().call('ACL', 'SETUSER', 'default', '+@all');
      await renewalIsDue();
      expect(await browser.get('/me')).toMatchObject({ userId: 'anna' });
      expect(idOf(browser)).not.toBe(before);
    } finally {
      await application.app.close();
    }
  });

  it('are read, used, ended and revoked also when the memory of Redis is used up', async () => {
    await using redis = await RedisServer.start();
    const application = await startSessionApplication(
      platform,
      { url: redis.url },
      { deadline: '20s', touchEvery: 0, renewal: '1s' },
    );
    try {
      const [one, two] = [await loggedIn(application), await loggedIn(application)];
      await redis.client().config('SET', 'maxmemory', '1');
      const before = idOf(one);
      const answers: unknown[] = [];
      await eventually(async () => {
        answers.push(await one.get('/me'));
        expect(idOf(one)).not.toBe(before);
      }, PATIENCE);
      expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
        new Set(['{"userId":"anna","data":{}}']),
      );
      // It is not Redis being away: nobody is told to come back in a moment.
      expect((await application.browser().request('/login/anna', { method: 'POST' })).status).toBe(
        500,
      );
      await one.post('/logout');
      expect(await one.get('/me')).toMatchObject({ userId: null });
      await application.sessions.revokeAll('anna');
      expect(await two.get('/me')).toMatchObject({ userId: null });
    } finally {
      await application.app.close();
    }
  });
});

import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import {
  FencedWriter,
  LockService,
  RedisKitEvents,
  RunOnce,
  WithLock,
  type RedisKitOptions,
} from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { gate } from '../support/gate.js';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(() => server.stop());

const state = { runs: [] as string[], gate: gate<void>(), ticks: 0 };

@Injectable()
class Orders {
  @WithLock('order:{id}', { wait: 0 })
  async pay(id: string, work: () => Promise<unknown> = async () => undefined) {
    await work();
    return `paid ${id}`;
  }

  @WithLock((from: string, to: string) => [from, to])
  async transfer(from: string, to: string) {
    return [from, to];
  }
}

@Injectable()
class Jobs {
  @RunOnce('once')
  async once() {
    state.runs.push('once');
    return 'done';
  }

  @RunOnce('brief', { window: 50 })
  async brief(name: string) {
    state.runs.push(name);
    await state.gate.factory();
  }

  @RunOnce('patient', { window: 50, overlap: 'wait' })
  async patient(name: string) {
    state.runs.push(name);
    await state.gate.factory();
  }

  @RunOnce('parallel', { window: 50, overlap: 'allow' })
  async parallel(name: string) {
    state.runs.push(name);
    await state.gate.factory();
  }

  @RunOnce('made up', { missed: 'run', lock: { lease: '2s' } })
  async madeUp(name: string) {
    state.runs.push(name);
    if (name === 'dies') await state.gate.factory();
    return name;
  }

  @Cron('* * * * * *')
  @RunOnce('scheduled', { window: '500ms' })
  async scheduled() {
    state.ticks += 1;
  }
}

async function withApps<T>(
  count: number,
  run: (apps: readonly { orders: Orders; jobs: Jobs; skipped: string[] }[]) => Promise<T>,
  options: RedisKitOptions = {},
): Promise<T> {
  const namespace = isolatedNamespace();
  const apps = await Promise.all(
    Array.from({ length: count }, () =>
      startApplication(
        { url: server.url, namespace, ...options },
        { imports: [ScheduleModule.forRoot()], providers: [Orders, Jobs] },
      ),
    ),
  );
  state.runs = [];
  state.gate = gate();
  try {
    return await run(
      apps.map((app) => {
        const skipped: string[] = [];
        app.get(RedisKitEvents).on('job.skipped', ({ job, reason }) => {
          if (job !== 'scheduled') skipped.push(`${job} ${reason}`);
        });
        return { orders: app.get(Orders), jobs: app.get(Jobs), skipped };
      }),
    );
  } finally {
    state.gate.open();
    await Promise.all(apps.map((app) => app.close()));
  }
}

describe('@WithLock', () => {
  it('runs a method under the lock its arguments name', async () => {
    await withApps(2, async ([one, two]) => {
      const held = gate<void>();
      const paying = one!.orders.pay('1', held.factory);
      await held.entered;
      await expect(two!.orders.pay('1')).rejects.toMatchObject({
        code: 'LOCK_TIMEOUT',
        lock: 'order:1',
      });
      expect(await two!.orders.pay('2')).toBe('paid 2');
      held.open();
      expect(await paying).toBe('paid 1');
      expect(await two!.orders.pay('1')).toBe('paid 1');
      expect(await two!.orders.transfer('b', 'a')).toEqual(['b', 'a']);
    });
  });

  it('refuses what is no parameter, and instances that Nest did not make', async () => {
    expect(() => {
      class Wrong {
        @WithLock('order:{number}')
        async pay(id: string) {
          return id;
        }
      }
      return Wrong;
    }).toThrow("The lock name template 'order:{number}' of pay() names {number}");
    await expect(new Orders().pay('1')).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });
});

describe('@RunOnce', () => {
  it('runs a job in one of the processes, however far apart they come to it', async () => {
    await withApps(3, async (apps) => {
      const first = await apps[1]!.jobs.once();
      const others = await Promise.all([apps[0]!.jobs.once(), apps[2]!.jobs.once()]);
      expect([first, ...others]).toEqual(['done', undefined, undefined]);
      expect(state.runs).toEqual(['once']);
      expect(apps.flatMap(({ skipped }) => skipped)).toEqual(['once elsewhere', 'once elsewhere']);
    });
  });

  const nextTick = (job: string) =>
    eventually(async () => {
      const [key] = await server.client().keys(`*:v1:job-tick:{${job}}`);
      expect(key).toBeUndefined();
    });

  it('leaves out a tick while the one before still runs, unless told otherwise', async () => {
    await withApps(2, async ([one, two]) => {
      const running = one!.jobs.brief('first');
      await state.gate.entered;
      await nextTick('brief');
      await two!.jobs.brief('second');
      expect(two!.skipped).toEqual(['brief overlap']);

      const parallel = one!.jobs.parallel('third');
      await eventually(() => expect(state.runs).toContain('third'));
      await nextTick('parallel');
      const beside = two!.jobs.parallel('fourth');
      await eventually(() => expect(state.runs).toContain('fourth'));

      const patient = one!.jobs.patient('fifth');
      await eventually(() => expect(state.runs).toContain('fifth'));
      await nextTick('patient');
      const after = two!.jobs.patient('sixth');
      state.gate.open();
      await Promise.all([running, parallel, beside, patient, after]);
      expect(state.runs).toEqual(['first', 'third', 'fourth', 'fifth', 'sixth']);
    });
  });

  it('has another process step in for one that died, and for no other', async () => {
    await withApps(2, async ([one, two]) => {
      const dying = one!.jobs.madeUp('dies').catch((error: unknown) => error);
      await state.gate.entered;
      const standIn = two!.jobs.madeUp('steps in');
      // As if its process was gone: its lease and its tick stay, and nobody renews them.
      const [lockKey] = await server.client().keys('*:v1:lock:{job:made up:*}');
      for (const key of [lockKey!, ...(await server.client().keys('*:v1:lock:{job:made up}'))]) {
        await server.client().del(key);
      }
      expect(await standIn).toBe('steps in');
      state.gate.open();
      await dying;
      const third = await two!.jobs.madeUp('not needed');
      expect(third).toBeUndefined();
      expect(state.runs).toEqual(['dies', 'steps in']);
    });
  });

  it('works with @Cron in every process: each tick once', async () => {
    await withApps(3, async () => {
      state.ticks = 0;
      const endsAt = performance.now() + 4_000;
      await eventually(() => performance.now() > endsAt);
      // Three processes without a guard: twelve.
      expect(state.ticks).toBeGreaterThanOrEqual(2);
      expect(state.ticks).toBeLessThanOrEqual(7);
    });
  });

  it.each([
    ['', {}],
    ['job', { window: 1 }],
    ['job', { missed: 'never' }],
    ['job', { overlap: 'maybe' }],
  ])('refuses %j with %j', (name, options) => {
    expect(() => RunOnce(name, options as never)).toThrow(/@RunOnce|window/);
  });
});

describe('a fence', () => {
  it('has Redis refuse a late writer', async () => {
    const app = await startApplication({ url: server.url });
    try {
      const writer = app.get(FencedWriter);
      const locks = app.get(LockService);
      const late = await locks.acquire('stock');
      await late.release();
      await locks.withLock('stock', async ({ fence }) => {
        expect(await writer.set('stock', '7', { fence, ttl: '1h' })).toBe(true);
        expect(await writer.set('stock', '6', { fence, ttl: '1h' })).toBe(true);
      });
      expect(await writer.set('stock', '9', { fence: late.fence, ttl: '1h' })).toBe(false);
      expect((await writer.get('stock'))?.value).toBe('6');
      expect(await writer.get('none')).toBeNull();
      await expect(writer.set('stock', '1', { fence: Number.NaN, ttl: '1h' })).rejects.toThrow(
        RangeError,
      );
    } finally {
      await app.close();
    }
  });
});

import { ReplyError } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisKitEvents, type RedisKitEventMap } from '../events.js';
import { DeadlineExceededError, RedisUnavailableError } from '../redis-kit.error.js';
import { Budget, Failsafe, UNAVAILABLE } from './failsafe.js';

const INTERVAL_MS = 250;
const never = new Promise<never>(() => undefined);

const replyError = (message: string): Error =>
  new (ReplyError as unknown as new (message: string) => Error)(message);

/** A failsafe that gives up after three failures, with what it announced and whom it asked for a sign of life. */
function setUp() {
  const events = new RedisKitEvents();
  const opened: RedisKitEventMap['circuit.opened'][] = [];
  const closed: RedisKitEventMap['circuit.closed'][] = [];
  events.on('circuit.opened', (event) => opened.push(event));
  events.on('circuit.closed', (event) => closed.push(event));
  const probed: string[] = [];
  const answering = new Set<string>();
  const failsafe = new Failsafe({
    connection: 'default',
    failureThreshold: 3,
    probeIntervalMs: INTERVAL_MS,
    probe: async (scope) => {
      probed.push(scope);
      if (!answering.has(scope)) throw new RedisUnavailableError('still away');
    },
    events,
  });
  const run = (scope: string, work: () => Promise<unknown>, budget = new Budget(100)) =>
    failsafe.run('cache.read', scope, budget, work);
  const fail = async (scope: string, times: number, error: unknown) => {
    for (let i = 0; i < times; i++) await run(scope, () => Promise.reject(error as Error));
  };
  return { failsafe, opened, closed, probed, answering, run, fail };
}

const away = new Error('Connection is closed.');

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('work that Redis may fail at', () => {
  it('is answered with its value', async () => {
    const { run } = setUp();
    expect(await run('', async () => 'value')).toBe('value');
    expect(await run('', async () => undefined)).toBeUndefined();
  });

  it('is answered without Redis when it fails, is late or throws at once, and its caller hears why', async () => {
    const { failsafe } = setUp();
    const heard: unknown[] = [];
    const outcomes = [
      () => Promise.reject(away),
      () => never,
      () => {
        throw new TypeError('no client');
      },
    ].map((work) =>
      failsafe.run('cache.read', '', new Budget(100), work, (error) => heard.push(error)),
    );
    await jest.advanceTimersByTimeAsync(150);
    expect(await Promise.all(outcomes)).toEqual([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
    expect(heard).toEqual([
      new TypeError('no client'),
      away,
      new DeadlineExceededError('cache.read', 100),
    ]);
  });
});

describe('a circuit', () => {
  it('opens after failures in a row, and then nobody is asked', async () => {
    const { failsafe, run, fail, opened } = setUp();
    await fail('', 3, new Error('connect ECONNREFUSED redis://u:hunter2@h'));
    // Not a message of the driver: it must not have opened for it.
    expect(failsafe.openScopes).toEqual([]);
    await fail('', 3, away);
    expect(failsafe.openScopes).toEqual(['']);
    expect(opened).toEqual([{ circuit: 'default', reason: 'Connection is closed.' }]);
    let asked = 0;
    expect(await run('', async () => (asked += 1))).toBe(UNAVAILABLE);
    expect(asked).toBe(0);
  });

  it('opens for deadlines too, and hides credentials in the reason', async () => {
    const { opened, run, fail } = setUp();
    const late = Promise.all([run('', () => never), run('', () => never)]);
    await jest.advanceTimersByTimeAsync(150);
    await late;
    await fail(
      '',
      1,
      Object.assign(new Error('redis://u:hunter2@h refused'), { code: 'ECONNREFUSED' }),
    );
    expect(opened).toEqual([{ circuit: 'default', reason: 'redis://***@h refused' }]);
  });

  it.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'NOPERM this user has no permissions',
    "OOM command not allowed when used memory > 'maxmemory'.",
  ])(
    'stays closed for answers that say no, which show that Redis is there: %s',
    async (message) => {
      const { failsafe, fail } = setUp();
      await fail('', 20, replyError(message));
      await fail('', 2, away);
      await fail('', 1, replyError(message));
      await fail('', 2, away);
      expect(failsafe.openScopes).toEqual([]);
    },
  );

  it('is closed by a background probe, without a call that pays for it', async () => {
    const { failsafe, fail, run, answering, closed, probed } = setUp();
    await fail('', 3, away);
    await jest.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(failsafe.openScopes).toEqual(['']);
    answering.add('');
    await jest.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(failsafe.openScopes).toEqual([]);
    expect(probed).toEqual(['', '']);
    expect(closed).toEqual([{ circuit: 'default', openMs: 2 * INTERVAL_MS }]);
    expect(await run('', async () => 'value')).toBe('value');
  });

  it('of one node leaves the other nodes in use', async () => {
    const { failsafe, fail, run, probed, opened } = setUp();
    await fail('10.0.0.1:6379', 3, away);
    expect(failsafe.openScopes).toEqual(['10.0.0.1:6379']);
    expect(await run('10.0.0.2:6379', async () => 'value')).toBe('value');
    expect(opened).toMatchObject([{ circuit: 'default/10.0.0.1:6379' }]);
    await jest.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(probed).toEqual(['10.0.0.1:6379']);
  });
});

describe('a budget', () => {
  it('is spent over all steps of an operation', async () => {
    const { run } = setUp();
    const budget = new Budget(100);
    const step = (ms: number) => () =>
      new Promise<string>((resolve) => setTimeout(resolve, ms, 'value'));
    const steps: unknown[] = [];
    const operation = (async () => {
      steps.push(await run('', step(40), budget));
      steps.push(await run('', step(40), budget));
      steps.push(await run('', step(40), budget));
      steps.push(await run('', async () => 'value', budget));
    })();
    await jest.advanceTimersByTimeAsync(110);
    await operation;
    expect(steps).toEqual(['value', 'value', UNAVAILABLE, UNAVAILABLE]);
    expect(budget.remainingMs).toBe(0);
    expect(budget.totalMs).toBe(100);
  });

  it('is not spent by what the caller does in between', async () => {
    const { run } = setUp();
    const budget = new Budget(100);
    await run('', async () => 'value', budget);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await run('', async () => 'value', budget)).toBe('value');
  });

  it('is spent by the time that passes, not by the sum of steps side by side', async () => {
    const { run } = setUp();
    const budget = new Budget(100);
    const step = () => new Promise<string>((resolve) => setTimeout(resolve, 60, 'value'));
    const steps = Promise.all([run('', step, budget), run('', step, budget)]);
    await jest.advanceTimersByTimeAsync(60);
    expect(await steps).toEqual(['value', 'value']);
    expect(budget.remainingMs).toBe(40);
    budget.refill();
    expect(budget.remainingMs).toBe(100);
  });

  it('that is used up is a reason like any other, and no fault of Redis', async () => {
    const { failsafe } = setUp();
    const heard: unknown[] = [];
    const budget = new Budget(100);
    budget.enter();
    await jest.advanceTimersByTimeAsync(1_000);
    budget.leave();
    for (let i = 0; i < 5; i++) {
      await failsafe.run(
        'cache.fill',
        '',
        budget,
        async () => 1,
        (error) => heard.push(error),
      );
    }
    expect(heard[0]).toEqual(new DeadlineExceededError('cache.fill', 100));
    expect(failsafe.openScopes).toEqual([]);
  });
});

describe('a disposed failsafe', () => {
  it('has no timer left, and starts none for scopes it did not know', async () => {
    const { failsafe, fail } = setUp();
    await fail('known', 3, away);
    // That of the probe, and that of all deadlines.
    expect(jest.getTimerCount()).toBe(2);
    failsafe.dispose();
    await fail('known', 3, away);
    await fail('unknown', 3, away);
    expect(jest.getTimerCount()).toBe(0);
  });
});

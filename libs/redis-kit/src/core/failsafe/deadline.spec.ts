import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DeadlineExceededError } from '../redis-kit.error.js';
import { deferred } from '../deferred.js';
import { withDeadline } from './deadline.js';
import { Deadlines } from './deadlines.js';

const never = new Promise<never>(() => undefined);

function occupyEventLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** One timer each, and one for all. */
const WAYS: [string, typeof withDeadline][] = [
  ['of its own', withDeadline],
  ['shared', (...wait) => new Deadlines().wait(...wait)],
];

describe.each(WAYS)('a deadline, %s', (_, withDeadline) => {
  it('lets the work answer', async () => {
    await expect(withDeadline('read', 1_000, Promise.resolve('value'))).resolves.toBe('value');
    const failure = new Error('wrong type');
    await expect(withDeadline('read', 1_000, Promise.reject(failure))).rejects.toBe(failure);
  });

  it('ends the wait and says for what and how long', async () => {
    const outcome = withDeadline('cache.read', 5, never);
    await expect(outcome).rejects.toBeInstanceOf(DeadlineExceededError);
    await expect(outcome).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      operation: 'cache.read',
      deadlineMs: 5,
      message: 'cache.read got no answer from Redis within 5 ms',
    });
  });

  it('is told in whole milliseconds', async () => {
    await expect(withDeadline('read', 1.234567, never)).rejects.toThrow('within 2 ms');
  });

  it('of no time still hears an answer that is already there', async () => {
    await expect(withDeadline('read', 0, Promise.resolve('value'))).resolves.toBe('value');
    await expect(withDeadline('read', 0, never)).rejects.toBeInstanceOf(DeadlineExceededError);
  });

  it('longer than a timer can count does not end at once', async () => {
    const work = deferred<string>();
    const outcome = withDeadline('read', Number.MAX_SAFE_INTEGER, work.promise);
    setTimeout(() => work.resolve('value'), 10);
    await expect(outcome).resolves.toBe('value');
  });

  it('ignores work that fails after it is over', async () => {
    const work = deferred<string>();
    await expect(withDeadline('read', 1, work.promise)).rejects.toThrow();
    work.reject(new Error('late'));
    await expect(work.promise).rejects.toThrow('late');
  });
});

describe('the timer of a deadline', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const both = async (wait: typeof withDeadline) => {
    await wait('read', 1_000, Promise.resolve());
    await wait('read', 1_000, Promise.reject(new Error('no'))).catch(() => undefined);
  };

  it('goes with it', async () => {
    await both(withDeadline);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is one for all that share it, keeps no process alive, and goes when they do', async () => {
    const deadlines = new Deadlines();
    const setTimer = jest.spyOn(globalThis, 'setTimeout');
    await both((...wait) => deadlines.wait(...wait));
    expect(setTimer).toHaveBeenCalledTimes(1);
    const timer = setTimer.mock.results[0]!.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
    const outcome = deadlines.wait('read', 1_000, never).catch((error: unknown) => error);
    expect(timer.hasRef()).toBe(true);
    await both((...wait) => deadlines.wait(...wait));
    deadlines.dispose();
    await jest.advanceTimersByTimeAsync(1_001);
    expect(await outcome).toBeInstanceOf(DeadlineExceededError);
    expect(jest.getTimerCount()).toBe(0);
    setTimer.mockRestore();
  });

  it('is none after those who shared it are gone', async () => {
    const deadlines = new Deadlines();
    await both((...wait) => deadlines.wait(...wait));
    expect(jest.getTimerCount()).toBe(1);
    deadlines.dispose();
    expect(jest.getTimerCount()).toBe(0);
    await both((...wait) => deadlines.wait(...wait));
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends each wait in its own time', async () => {
    const deadlines = new Deadlines();
    const ended: string[] = [];
    const begin = (name: string) =>
      deadlines.wait(name, 1_000, never).catch(() => void ended.push(name));
    void begin('first');
    await jest.advanceTimersByTimeAsync(600);
    void begin('second');
    await jest.advanceTimersByTimeAsync(401);
    expect(ended).toEqual(['first']);
    await jest.advanceTimersByTimeAsync(550);
    expect(ended).toEqual(['first']);
    await jest.advanceTimersByTimeAsync(100);
    expect(ended).toEqual(['first', 'second']);
    deadlines.dispose();
  });
});

describe.each(WAYS)('an event loop that stalls, deadline %s', (_, withDeadline) => {
  it('does not make a server late whose answer is already there', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    try {
      const [[peer]] = (await Promise.all([
        once(server, 'connection'),
        once(client, 'connect'),
      ])) as [[Socket], unknown];
      const answer = once(client, 'data').then(([bytes]: Buffer[]) => String(bytes));
      const outcome = withDeadline('ping', 10, answer);
      // Written to the system at once: from here on the answer waits in the socket of the client.
      peer.end('pong');
      occupyEventLoop(25);
      await expect(outcome).resolves.toBe('pong');
    } finally {
      client.destroy();
      server.close();
    }
  });

  it('does not give a server more time than it had', async () => {
    const outcome = withDeadline('ping', 10, never);
    occupyEventLoop(25);
    await expect(outcome).rejects.toBeInstanceOf(DeadlineExceededError);
  });
});

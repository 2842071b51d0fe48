import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, jest } from '@jest/globals';
import { DeadlineExceededError } from '../redis-kit.error.js';
import { deferred } from '../deferred.js';
import { withDeadline } from './deadline.js';

const never = new Promise<never>(() => undefined);

function occupyEventLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('a deadline', () => {
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

  it('leaves no timer behind', async () => {
    jest.useFakeTimers();
    try {
      await withDeadline('read', 1_000, Promise.resolve());
      await withDeadline('read', 1_000, Promise.reject(new Error('no'))).catch(() => undefined);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('ignores work that fails after it is over', async () => {
    const work = deferred<string>();
    await expect(withDeadline('read', 1, work.promise)).rejects.toThrow();
    work.reject(new Error('late'));
    await expect(work.promise).rejects.toThrow('late');
  });
});

describe('an event loop that stalls', () => {
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

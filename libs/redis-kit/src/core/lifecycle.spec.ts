import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { RedisConnections } from './connections/redis-connections.js';
import { deferred } from './deferred.js';
import { Lifecycle, type LifecycleParticipant } from './lifecycle.js';

const TIMEOUT_MS = 1_000;

/** A lifecycle whose connections only take note. */
function setUp() {
  const log: string[] = [];
  const connections = {
    open: async () => void log.push('open'),
    close: async (deadlineMs: number) => void log.push(`close within ${deadlineMs} ms`),
  } as RedisConnections;
  return { log, lifecycle: new Lifecycle(connections, TIMEOUT_MS) };
}

const shutDown = async (lifecycle: Lifecycle): Promise<void> => {
  lifecycle.beforeApplicationShutdown();
  await lifecycle.onApplicationShutdown();
};

/** A participant that is an object with a state, as most are. */
class Worker implements LifecycleParticipant {
  readonly name = 'worker';
  readonly #log: string[];

  constructor(log: string[]) {
    this.#log = log;
  }

  stopIntake(): void {
    this.#log.push('no more work');
  }

  async drain(): Promise<void> {
    this.#log.push('done');
  }
}

beforeEach(() => {
  jest.useFakeTimers();
  Logger.overrideLogger(false);
});

afterEach(() => {
  jest.useRealTimers();
  Logger.overrideLogger(['log', 'error', 'warn']);
});

describe('the suite', () => {
  it('opens its connections when the application starts', async () => {
    const { log, lifecycle } = setUp();
    await lifecycle.onModuleInit();
    expect(log).toEqual(['open']);
  });

  it('ends in order: no more work, the work in hand, the connections', async () => {
    const { log, lifecycle } = setUp();
    lifecycle.register(new Worker(log));
    lifecycle.register({ name: 'nothing to do' });
    await shutDown(lifecycle);
    expect(log).toEqual(['no more work', 'done', `close within ${TIMEOUT_MS} ms`]);
  });

  it('keeps connections open for work that takes its time, and closes them in what is left', async () => {
    const { log, lifecycle } = setUp();
    const work = deferred<void>();
    lifecycle.register({ name: 'slow', drain: () => work.promise });
    const ended = shutDown(lifecycle);
    await jest.advanceTimersByTimeAsync(600);
    expect(log).toEqual([]);
    work.resolve();
    await ended;
    expect(log).toEqual(['close within 400 ms']);
  });

  it('ends within its time although a participant never does', async () => {
    const { log, lifecycle } = setUp();
    lifecycle.register({ name: 'stuck', drain: () => new Promise(() => undefined) });
    lifecycle.register(new Worker(log));
    const ended = shutDown(lifecycle);
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    await ended;
    expect(log).toEqual([
      'no more work',
      'done',
      expect.stringMatching(/^close within 2[45]\d ms$/),
    ]);
  });

  it('ends although participants fail', async () => {
    const { log, lifecycle } = setUp();
    const fail = () => {
      throw new Error('no');
    };
    lifecycle.register({ name: 'broken', stopIntake: fail, drain: fail });
    lifecycle.register({ name: 'rejecting', drain: () => Promise.reject(new Error('no')) });
    lifecycle.register(new Worker(log));
    await shutDown(lifecycle);
    expect(log).toEqual(['no more work', 'done', `close within ${TIMEOUT_MS} ms`]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../testing/rig/eventually.js';
import { RedisKitEvents, type RedisKitEventMap } from './events.js';

const READY: RedisKitEventMap['connection.ready'] = { connection: 'default', role: 'command' };

afterEach(() => {
  jest.restoreAllMocks();
  Logger.overrideLogger(['log', 'error', 'warn']);
});

/** What is logged as an error from now on. */
function errorsLogged(): string[] {
  const lines: string[] = [];
  Logger.overrideLogger({
    log: () => undefined,
    warn: () => undefined,
    error: (message: string) => lines.push(message),
  });
  return lines;
}

describe('events', () => {
  it('reach their listeners in the order of registration, with the payload', () => {
    const events = new RedisKitEvents();
    const heard: unknown[] = [];
    events.on('connection.ready', (payload) => heard.push(['first', payload]));
    events.on('connection.ready', (payload) => heard.push(['second', payload]));
    events.on('connection.lost', () => heard.push('another event'));
    events.emit('connection.ready', READY);
    expect(heard).toEqual([
      ['first', READY],
      ['second', READY],
    ]);
  });

  it('know whether anybody listens', () => {
    const events = new RedisKitEvents();
    expect(events.has('connection.ready')).toBe(false);
    const off = events.on('connection.ready', () => undefined);
    expect(events.has('connection.ready')).toBe(true);
    expect(events.has('connection.lost')).toBe(false);
    off();
    expect(events.has('connection.ready')).toBe(false);
    events.on('connection.ready', () => undefined);
    events.clear();
    expect(events.has('connection.ready')).toBe(false);
  });

  it('are emitted within the call that caused them, so its AsyncLocalStorage is visible', async () => {
    const requests = new AsyncLocalStorage<string>();
    const events = new RedisKitEvents();
    const heard: (string | undefined)[] = [];
    events.on('connection.ready', () => heard.push(requests.getStore()));
    await Promise.all(
      ['a', 'b'].map((request) =>
        requests.run(request, async () => {
          await Promise.resolve();
          events.emit('connection.ready', READY);
        }),
      ),
    );
    expect(heard.sort()).toEqual(['a', 'b']);
  });
});

describe('a listener that fails', () => {
  it('is logged, and breaks neither the emitter nor the other listeners', () => {
    const errors = errorsLogged();
    const events = new RedisKitEvents();
    const heard: string[] = [];
    events.on('connection.ready', () => {
      throw new Error('broken listener');
    });
    events.on('connection.ready', () => heard.push('after'));
    events.emit('connection.ready', READY);
    expect(heard).toEqual(['after']);
    expect(errors).toEqual(["A listener of 'connection.ready' threw"]);
  });

  it('is logged when it is asynchronous too, instead of ending the process', async () => {
    const errors = errorsLogged();
    const events = new RedisKitEvents();
    events.on('connection.ready', async () => {
      throw new Error('broken listener');
    });
    events.emit('connection.ready', READY);
    await eventually(() => expect(errors).toEqual(["A listener of 'connection.ready' threw"]));
  });
});

describe('unsubscribing', () => {
  it('during an emit keeps the listener from hearing that emit', () => {
    const events = new RedisKitEvents();
    const heard: string[] = [];
    const subscriptions = new Map<string, () => void>();
    events.on('connection.ready', () => subscriptions.get('second')?.());
    subscriptions.set(
      'second',
      events.on('connection.ready', () => heard.push('second')),
    );
    events.on('connection.ready', () => heard.push('third'));
    events.emit('connection.ready', READY);
    expect(heard).toEqual(['third']);
  });

  it('during its own call leaves the others undisturbed', () => {
    const events = new RedisKitEvents();
    let calls = 0;
    const off = events.on('connection.ready', () => {
      calls += 1;
      off();
    });
    events.on('connection.ready', () => (calls += 10));
    events.emit('connection.ready', READY);
    events.emit('connection.ready', READY);
    expect(calls).toBe(21);
  });

  it('twice does nothing to listeners that came later', () => {
    const events = new RedisKitEvents();
    const off = events.on('connection.ready', () => undefined);
    off();
    let heard = 0;
    events.on('connection.ready', () => (heard += 1));
    off();
    events.emit('connection.ready', READY);
    expect(heard).toBe(1);
  });

  it('after everything was cleared does nothing to listeners that came later', () => {
    const events = new RedisKitEvents();
    const off = events.on('connection.ready', () => undefined);
    events.clear();
    let heard = 0;
    events.on('connection.ready', () => (heard += 1));
    off();
    events.emit('connection.ready', READY);
    expect(heard).toBe(1);
  });

  it('one of two subscriptions of the same function leaves the other', () => {
    const events = new RedisKitEvents();
    let heard = 0;
    const listener = () => {
      heard += 1;
    };
    const off = events.on('connection.ready', listener);
    events.on('connection.ready', listener);
    off();
    events.emit('connection.ready', READY);
    expect(heard).toBe(1);
  });
});

describe('subscribing during an emit', () => {
  it('takes effect with the next one, so a listener that subscribes anew never loops', () => {
    const events = new RedisKitEvents();
    let heard = 0;
    const again = (): void => {
      heard += 1;
      if (heard < 100) events.on('connection.ready', () => again());
    };
    events.on('connection.ready', again);
    events.emit('connection.ready', READY);
    expect(heard).toBe(1);
    events.emit('connection.ready', READY);
    expect(heard).toBe(3);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { resolveRedisKitOptions } from '../redis-kit.options.js';
import { resolveSubscribeOptions, type SubscribeOptions } from './handler.options.js';
import type { EventsOptions } from './events.options.js';

const resolve = (events?: EventsOptions) => resolveRedisKitOptions({ events }, {}).events;

function pathsOf(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    return (error as ConfigurationError).issues.map(({ path }) => path);
  }
}

describe('the options of the event bus', () => {
  it('have defaults', () => {
    expect(resolve()).toEqual({
      connection: 'default',
      recoverable: [],
      maxPayload: 65_536,
      format: 'msgpack',
      history: 2_000,
      retentionMs: 86_400_000,
      checkEveryMs: 5_000,
      deadlineMs: 2_000,
    });
  });

  it.each<[string, unknown]>([
    ['connection', 'unknown'],
    ['recoverable', ['a..b']],
    ['recoverable', 'orders.*'],
    ['maxPayload', 0],
    ['format', 'xml'],
    ['history', 9],
    ['retention', '0s'],
    ['checkEvery', '1ms'],
    ['deadline', '2h'],
    ['histroy', 10],
  ])('refuse %s: %j, by its path', (option, value) => {
    expect(pathsOf(() => resolve({ [option]: value }))).toEqual([`forRoot().events.${option}`]);
  });
});

describe('the options of a handler', () => {
  it('have defaults', () => {
    expect(resolveSubscribeOptions({}, 'subscribe()')).toEqual({
      delivery: 'transient',
      payload: undefined,
      queue: 1_000,
      whenFull: 'drop-oldest',
      concurrency: 1,
      ignoreOwn: false,
      onGap: undefined,
    });
  });

  it.each<[string, unknown]>([
    ['delivery', 'durable'],
    ['payload', {}],
    ['queue', 0],
    ['whenFull', 'block'],
    ['concurrency', 1.5],
    ['ignoreOwn', 'yes'],
    ['onGap', 'resync'],
    ['quue', 1],
  ])('refuse %s: %j', (option, value) => {
    const resolved = () =>
      resolveSubscribeOptions({ [option]: value } as SubscribeOptions, 'subscribe()');
    expect(pathsOf(resolved)).toEqual([`subscribe().${option}`]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { resolveRedisKitOptions } from '../redis-kit.options.js';

const resolve = (locks: object) => resolveRedisKitOptions({ namespace: 'test', locks }, {}).locks;

describe('options of locks', () => {
  it('have defaults', () => {
    expect(resolve({})).toEqual({
      connection: 'default',
      leaseMs: 30_000,
      waitMs: 10_000,
      maxHoldMs: Infinity,
      heartbeatMs: 1_000,
      claimMs: 3_000,
      replicationMs: 1_000,
    });
  });

  it.each([
    [{ lease: 1 }, 'forRoot().locks.lease: got 1'],
    [{ wait: -1 }, 'forRoot().locks.wait: got -1'],
    [{ heartbeat: '2m' }, 'forRoot().locks.heartbeat'],
    [{ claim: '2s' }, 'forRoot().locks.claim: got 2000 ms, expected more than two heartbeats'],
    [{ heartbeat: '2s' }, 'more than two heartbeats (4000 ms)'],
    [{ maxHold: '10s' }, 'forRoot().locks.maxHold: got 10000 ms, expected at least the lease'],
    [{ connection: 'none' }, 'forRoot().locks.connection: got "none", expected one of default'],
    [{ patience: 1 }, 'forRoot().locks.patience'],
  ])('refuse %j', (locks, message) => {
    expect(() => resolve(locks)).toThrow(message);
  });
});

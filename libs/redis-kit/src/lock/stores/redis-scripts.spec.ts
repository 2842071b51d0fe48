import { describe, expect, it } from '@jest/globals';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { LockProcess } from '../lock-process.js';
import { RedisScripts } from './redis-scripts.js';

describe('scripts that hand over', () => {
  it.each([
    ['standalone', 1],
    ['sentinel', 1],
    // PUBLISH counts only those who listen at the same node: zero says nothing.
    ['cluster', 0],
  ] as const)('on %s take the count of PUBLISH as %i', (topology, counts) => {
    const connection = { topology } as RedisConnection;
    const process = { options: { claimMs: 3_000 } } as LockProcess;
    expect(new RedisScripts(connection, process, 'wake:').handOver).toEqual({
      claimMs: 3_000,
      channels: 'wake:',
      counts,
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { DeadlineExceededError, RedisUnavailableError } from '../core/redis-kit.error.js';
import { publishFailure } from './publish-failure.js';

const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });

describe('a failed publication', () => {
  it.each([
    reply('OOM command not allowed when used memory > maxmemory'),
    reply('NOPERM this user has no permissions to access one of the channels'),
    reply('CLUSTERDOWN The cluster is down'),
    new Error("Stream isn't writeable and enableOfflineQueue options is false"),
    new Error("Cluster isn't ready and enableOfflineQueue options is false"),
  ])('is known to have done nothing: %s', (error) => {
    const failure = publishFailure('orders.created', error);
    expect(failure.code).toBe('EVENT_NOT_PUBLISHED');
    expect(failure.cause).toBe(error);
    expect(failure.event).toBe('orders.created');
  });

  it.each([
    new DeadlineExceededError('publish', 2_000),
    new RedisUnavailableError('The connection to Redis was lost before the reply'),
    new Error('Connection is closed.'),
    reply(`ACL failure in script: NOPERM, script: ${'a'.repeat(40)}, on @user_script:30.`),
  ])('may have done its work: %s', (error) => {
    expect(publishFailure('orders.created', error).code).toBe('EVENT_OUTCOME_UNKNOWN');
  });
});

import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { Redis, ReplyError } from 'ioredis';
import {
  CodecError,
  CrossSlotError,
  DeadlineExceededError,
  RedisUnavailableError,
} from '../redis-kit.error.js';
import { isConnectivityError } from './connectivity.js';

const replyError = (message: string): Error =>
  new (ReplyError as unknown as new (message: string) => Error)(message);

const coded = (code: string): Error => Object.assign(new Error('it failed'), { code });

/** A port nothing listens on: somebody just stopped. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

describe('a failure to reach Redis', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EAI_FAIL',
    'EPROTO',
    'EACCES',
    'ENOENT',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SOCKET_CLOSED',
    'ERR_STREAM_DESTROYED',
    'ERR_STREAM_WRITE_AFTER_END',
  ])('is one with the code %s', (code) => {
    expect(isConnectivityError(coded(code))).toBe(true);
  });

  it.each([
    'Connection is closed.',
    'Command timed out',
    "Stream isn't writeable and enableOfflineQueue options is false",
    "Cluster isn't ready and enableOfflineQueue options is false",
    'Cluster is ended.',
    'Cluster is disconnected.',
    'Cluster is disconnecting.',
    'None of startup nodes is available',
    'Failed to refresh slots cache.',
    'All sentinels are unreachable. Retrying from scratch after 10ms.',
    "Socket timeout. Expecting data, but didn't receive any in 1000ms.",
    'Reached the max retries per request limit (which is 20). Refer to "maxRetriesPerRequest" option for details.',
    'Too many Cluster redirections. Last error: Error: MOVED 1 127.0.0.1:7000',
    'Connection is discarded because a new connection is made',
    'Connection is aborted',
    'Command aborted due to connection close',
    'Node is disconnected',
  ])('is one of the driver: %s', (message) => {
    expect(isConnectivityError(new Error(message))).toBe(true);
  });

  it.each([
    'LOADING Redis is loading the dataset in memory',
    'CLUSTERDOWN The cluster is down',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  ])('is a server that is not ready: %s', (message) => {
    expect(isConnectivityError(replyError(message))).toBe(true);
  });

  it('is one of ours', () => {
    expect(isConnectivityError(new DeadlineExceededError('read', 100))).toBe(true);
    expect(isConnectivityError(new RedisUnavailableError('gone'))).toBe(true);
  });

  it('is one of another realm, such as the errors of Node in a test', () => {
    const foreign: unknown = runInNewContext("new Error('Connection is closed.')");
    expect(foreign).not.toBeInstanceOf(Error);
    expect(isConnectivityError(foreign)).toBe(true);
  });

  it('is what the driver says about a server that is not there', async () => {
    const client = new Redis({
      port: await closedPort(),
      lazyConnect: true,
      enableOfflineQueue: false,
      retryStrategy: null,
    });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    const refused = await client.connect().catch((error: unknown) => error);
    const unsent = await client.get('key').catch((error: unknown) => error);
    client.disconnect();
    expect([...errors, refused, unsent].map(isConnectivityError)).toEqual(
      [...errors, refused, unsent].map(() => true),
    );
    expect(errors).not.toEqual([]);
  });

  it('is what Node says about it', async () => {
    const socket = connect(await closedPort(), '127.0.0.1');
    const error = await new Promise<unknown>((resolve) => socket.once('error', resolve));
    expect(isConnectivityError(error)).toBe(true);
  });
});

describe('an answer of Redis that says no', () => {
  it.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'NOPERM this user has no permissions to run the get command',
    "OOM command not allowed when used memory > 'maxmemory'.",
    'NOAUTH Authentication required.',
    'WRONGPASS invalid username-password pair or user is disabled.',
    "READONLY You can't write against a read only replica.",
    'ERR Error running script: Connection is closed.',
    "CROSSSLOT Keys in request don't hash to the same slot",
    'NOSCRIPT No matching script.',
    'BUSYGROUP Consumer Group name already exists',
    'LOADINGS is no such word',
  ])('is no failure to reach it: %s', (message) => {
    expect(isConnectivityError(replyError(message))).toBe(false);
  });

  it.each(
    [
      new CodecError('Cannot decode'),
      new CrossSlotError('cache.fill', ['a', 'b']),
      new TypeError('undefined is not a function'),
      new RangeError('Invalid count value'),
      coded('ERR_INVALID_ARG_TYPE'),
      coded('ERR_OUT_OF_RANGE'),
      coded('MODULE_NOT_FOUND'),
      Object.assign(new Error('it failed'), { code: 7 }),
      new Error('my Connection is closed.'),
    ].map((error) => [`${error.name}: ${error.message}`, error] as const),
  )('is no failure to reach it: %s', (_, error) => {
    expect(isConnectivityError(error)).toBe(false);
  });

  it.each([undefined, null, 'Connection is closed.', 7, {}, { message: 'Command timed out' }])(
    'is nothing that is no error: %p',
    (thrown) => {
      expect(isConnectivityError(thrown)).toBe(false);
    },
  );
});

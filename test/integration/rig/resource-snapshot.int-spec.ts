import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisServer, ResourceSnapshot, TcpProxy } from 'nestjs-redis-kit/testing';

describe('ResourceSnapshot', () => {
  let server: RedisServer;
  let snapshot: ResourceSnapshot;

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(async () => {
    await server.stop();
  });

  beforeEach(() => {
    snapshot = ResourceSnapshot.take();
  });

  afterEach(() => {
    snapshot.dispose();
  });

  it.each(['referenced', "unref'd"])('finds a %s timer that was left', async (kind) => {
    const timer = setInterval(() => undefined, 60_000);
    if (kind !== 'referenced') timer.unref();
    const failure = await snapshot.assertNoneLeaked({ within: 60 }).catch((error) => error);
    clearInterval(timer);
    expect(failure).toMatchObject({ name: 'RigError', code: 'LEAKED' });
    expect(failure.message).toMatch(
      /^Still open after 60 ms:\nTimeout\n.*resource-snapshot\.int-spec/,
    );
  });

  it('finds sockets that were left', async () => {
    const sockets = [connect(server.port, server.host), connect(server.port, server.host)];
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const failure = await snapshot.assertNoneLeaked({ within: 60 }).catch((error) => error);
    for (const socket of sockets) socket.destroy();
    expect(failure.message.match(/^TCPWRAP$/gm)).toHaveLength(2);
  });

  it('finds servers and child processes that were left', async () => {
    const proxy = await TcpProxy.start(server);
    const other = await RedisServer.start();
    expect(snapshot.added().map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['TCPSERVERWRAP', 'PROCESSWRAP']),
    );
    await Promise.all([proxy.stop(), other.stop()]);
    await snapshot.assertNoneLeaked();
  });

  it('does not mind what was there before', async () => {
    const timer = setInterval(() => undefined, 60_000);
    const later = ResourceSnapshot.take();
    expect(later.added()).toEqual([]);
    await later.assertNoneLeaked();
    clearInterval(timer);
  });

  it('waits for what is about to end', async () => {
    const socket = connect(server.port, server.host);
    setTimeout(() => socket.destroy(), 100);
    expect(snapshot.added()).not.toEqual([]);
    await snapshot.assertNoneLeaked();
    expect(snapshot.added()).toEqual([]);
  });

  it('finds nothing left of the rig itself', async () => {
    const other = await RedisServer.start();
    const proxy = await TcpProxy.start(other);
    const client = other.connect({ port: proxy.port });
    await Promise.all([client.ping(), other.client().ping()]);
    proxy.delay(5);
    await client.ping();
    await other.kill();
    await other.stop();
    await proxy.stop();
    await expect(snapshot.assertNoneLeaked()).resolves.toBeUndefined();
  });
});

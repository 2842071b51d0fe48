import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import {
  eventually,
  isolatedNamespace,
  RedisServer,
  TcpProxy,
  type RigClientOptions,
} from 'nestjs-redis-kit/testing';

describe('TcpProxy', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let key: string;
  const clients: Redis[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(async () => {
    await server.stop();
  });

  beforeEach(async () => {
    key = isolatedNamespace();
    proxy = await TcpProxy.start(server);
  });

  afterEach(async () => {
    server.resume();
    await proxy.stop();
    for (const client of clients.splice(0)) client.disconnect();
  });

  /** A client through the proxy that stays on the connection it has. */
  async function connected(options: RigClientOptions = {}): Promise<Redis> {
    const client = server.connect({
      port: proxy.port,
      retryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      ...options,
    });
    clients.push(client);
    await client.ping();
    return client;
  }

  /** `events.once` would reject because of the `error` that comes before the `close`. */
  async function closeOf(client: Redis): Promise<void> {
    await new Promise<void>((resolve) => client.once('close', resolve));
  }

  async function milliseconds(task: () => Promise<unknown>): Promise<number> {
    const start = performance.now();
    await task();
    return performance.now() - start;
  }

  async function staysPending(promise: Promise<unknown>): Promise<void> {
    let settled = false;
    promise.then(
      () => (settled = true),
      () => (settled = true),
    );
    await expect(eventually(() => settled, { within: 150 })).rejects.toMatchObject({
      code: 'NOT_IN_TIME',
    });
  }

  it('forwards bytes unchanged, large ones too', async () => {
    const client = await connected();
    const value = Buffer.alloc(12 * 1024 * 1024, 'abcdefghijk');
    await client.set(key, value, 'PX', 60_000);
    const answer = await client.getBuffer(key);
    expect(answer?.equals(value)).toBe(true);
    expect(proxy.url).toBe(`redis://127.0.0.1:${proxy.port}`);
  });

  it('counts its connections', async () => {
    expect(proxy.connections).toBe(0);
    const client = await connected();
    await connected();
    expect(proxy.connections).toBe(2);
    client.disconnect();
    await eventually(() => expect(proxy.connections).toBe(1));
  });

  it('passes on that the server closed a connection', async () => {
    const client = await connected({ connectionName: key });
    const closed = closeOf(client);
    await server.killClients({ name: key });
    await closed;
    await eventually(() => expect(proxy.connections).toBe(0));
  });

  it('passes on to the server that a client has gone', async () => {
    const client = await connected({ connectionName: key });
    client.disconnect();
    await eventually(async () => {
      expect(await server.client().client('LIST')).not.toContain(key);
    });
  });

  describe('delay', () => {
    it('delays each direction, for open connections at once', async () => {
      const client = await connected();
      proxy.delay(60, 'requests');
      expect(await milliseconds(() => client.ping())).toBeGreaterThanOrEqual(59);
      proxy.delay(60);
      const both = await milliseconds(() => client.ping());
      expect(both).toBeGreaterThanOrEqual(119);
    });

    it('keeps the order and does not add up over many commands', async () => {
      const client = await connected();
      proxy.delay(50);
      const duration = await milliseconds(async () => {
        const numbers = await Promise.all(Array.from({ length: 200 }, () => client.incr(key)));
        expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
      });
      expect(duration).toBeLessThan(1_000);
    });

    it('delivers what is under way as soon as it is healed', async () => {
      const client = await connected();
      proxy.delay(60_000);
      const answer = client.ping();
      await staysPending(answer);
      await proxy.heal();
      expect(await milliseconds(() => answer)).toBeLessThan(1_000);
    });

    it('refuses a negative time', () => {
      expect(() => proxy.delay(-1)).toThrow('delay: -1 is not a number >= 0');
    });
  });

  describe('cut', () => {
    it('breaks open connections and accepts new ones', async () => {
      const client = await connected();
      const closed = closeOf(client);
      await proxy.cut();
      await closed;
      expect(proxy.connections).toBe(0);
      expect(await (await connected()).ping()).toBe('PONG');
    });

    it('refuses new connections when asked to, until it is healed', async () => {
      const client = await connected();
      const closed = closeOf(client);
      await proxy.cut({ refuse: true });
      await closed;
      await expect(once(connect(proxy.port, proxy.host), 'connect')).rejects.toMatchObject({
        code: 'ECONNREFUSED',
      });
      await proxy.heal();
      expect(await (await connected()).ping()).toBe('PONG');
    });

    it('breaks the connection to the server as well', async () => {
      await connected({ connectionName: key });
      await proxy.cut();
      await eventually(async () => {
        expect(await server.client().client('LIST')).not.toContain(key);
      });
    });
  });

  describe('blackhole', () => {
    it('swallows everything, closes nothing, and takes in new connections', async () => {
      const client = await connected();
      proxy.blackhole();
      await staysPending(client.set(key, '1'));
      expect(client.status).toBe('ready');
      const late = connect(proxy.port, proxy.host);
      await once(late, 'connect');
      late.write('PING\r\n');
      await staysPending(once(late, 'data'));
      expect(proxy.connections).toBe(2);
      expect(await server.client().exists(key)).toBe(0);
      late.destroy();
    });

    it('swallows replies that are under way', async () => {
      const client = await connected();
      proxy.delay(200, 'replies');
      const answer = client.incr(key);
      await eventually(async () => expect(await server.client().get(key)).toBe('1'));
      proxy.blackhole();
      proxy.delay(0);
      await staysPending(answer);
    });

    it('is never followed by a stream with a hole: such connections are reset when healed', async () => {
      const [victim, idle] = [await connected(), await connected()];
      proxy.blackhole();
      const lost = victim.incr(key);
      await staysPending(lost);
      const closed = closeOf(victim);
      await proxy.heal();
      await closed;
      await expect(lost).rejects.toThrow();
      expect(await idle.ping()).toBe('PONG');
    });

    it('can leave a half-open connection behind while new ones work', async () => {
      const stuck = await connected();
      proxy.blackhole({ existingOnly: true });
      const fresh = await connected();
      await staysPending(stuck.ping());
      expect(await fresh.ping()).toBe('PONG');
      expect(stuck.status).toBe('ready');
    });

    it('does not tell the server that a client has gone', async () => {
      const client = await connected({ connectionName: key });
      proxy.blackhole();
      client.disconnect();
      await eventually(() => expect(proxy.connections).toBe(0));
      expect(await server.client().client('LIST')).toContain(key);
      await proxy.heal();
      await eventually(async () => {
        expect(await server.client().client('LIST')).not.toContain(key);
      });
    });
  });

  describe('dropReplies', () => {
    it('executes commands whose replies never come', async () => {
      const client = await connected();
      proxy.dropReplies();
      const lost = client.incr(key);
      await eventually(async () => expect(await server.client().get(key)).toBe('1'));
      await staysPending(lost);
      await proxy.heal();
      await expect(lost).rejects.toThrow();
      expect(await server.client().get(key)).toBe('1');
    });

    it('can spare new connections', async () => {
      const client = await connected();
      proxy.dropReplies({ existingOnly: true });
      const lost = client.incr(key);
      await staysPending(lost);
      expect(await (await connected()).incr(key)).toBe(2);
    });
  });

  describe('limitBandwidth', () => {
    it('lets bytes pass at the given rate', async () => {
      const client = await connected();
      await server.client().set(key, Buffer.alloc(50_000, 'x'), 'PX', 60_000);
      proxy.limitBandwidth(100_000, 'replies');
      const duration = await milliseconds(async () => {
        expect(await client.get(key)).toHaveLength(50_000);
      });
      expect(duration).toBeGreaterThan(400);
      expect(duration).toBeLessThan(1_500);
    });

    it('refuses a rate of nothing', () => {
      expect(() => proxy.limitBandwidth(0)).toThrow('limitBandwidth: 0 is not > 0');
    });
  });

  describe('back-pressure', () => {
    it.each([
      ['a server that does not read', () => server.pause(), () => server.resume()],
      ['a slow link', () => proxy.limitBandwidth(1_000), () => proxy.heal()],
      ['a long way', () => proxy.delay(60_000, 'requests'), () => proxy.heal()],
    ])('makes the client wait for %s', async (_name, hamper, relieve) => {
      const socket = connect(proxy.port, proxy.host);
      await once(socket, 'connect');
      const size = 48 * 1024 * 1024;
      await eventually(() => expect(proxy.connections).toBe(1));
      hamper();
      socket.write(`*5\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${size}\r\n`);
      socket.write(Buffer.alloc(size, 'x'));
      socket.write('\r\n$2\r\nPX\r\n$5\r\n60000\r\n');
      // Kernel buffers and the proxy may hold some MB; the rest has to stay where it came from.
      await staysPending(once(socket, 'drain'));
      expect(socket.writableLength).toBeGreaterThan(size / 2);
      await relieve();
      expect(String((await once(socket, 'data'))[0])).toBe('+OK\r\n');
      socket.destroy();
    });
  });

  it('forgets a client that leaves at the moment it is cut', async () => {
    for (let round = 0; round < 20; round += 1) {
      const client = await connected();
      client.disconnect();
      if (round % 2 === 0) await nextTurn();
      await proxy.cut();
    }
    await eventually(async () => {
      const clients = String(await server.client().client('LIST'))
        .trim()
        .split('\n');
      expect(clients).toHaveLength(1);
    });
  });

  it('leaves nothing open when stopped', async () => {
    const client = await connected();
    const closed = closeOf(client);
    await proxy.stop();
    await closed;
    expect(proxy.connections).toBe(0);
    const other = await TcpProxy.start({
      host: server.host,
      port: server.port,
      listenPort: proxy.port,
    });
    await other.stop();
  });
});

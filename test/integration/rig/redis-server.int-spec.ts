import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  eventually,
  findRedisBinary,
  RedisServer,
  RigError,
  type RedisServerOptions,
} from 'nestjs-redis-kit/testing';
import { isAlive } from '../../support/process-state.js';

const started: RedisServer[] = [];

async function start(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  started.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function connectionFailure(port: number): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
}

describe('RedisServer.start', () => {
  it('runs a server of its own that persists nothing', async () => {
    const server = await start();
    const info = await server.client().info('server');
    expect(info).toContain(`process_id:${server.pid}`);
    expect(info).toContain(`_version:${server.binary.version}`);
    expect(await server.client().config('GET', 'save')).toEqual(['save', '']);
    expect(await server.client().config('GET', 'appendonly')).toEqual(['appendonly', 'no']);
    expect(await server.client().config('GET', 'dir')).toEqual(['dir', server.directory]);
  });

  it('gives servers started at the same time different ports', async () => {
    const servers = await Promise.all(Array.from({ length: 6 }, () => start()));
    expect(new Set(servers.map(({ port }) => port)).size).toBe(6);
    for (const server of servers) await server.client().set('port', server.port);
    for (const server of servers) expect(await server.client().get('port')).toBe(`${server.port}`);
  });

  it('applies configuration, repeated directives included', async () => {
    const server = await start({
      config: {
        maxmemory: '64mb',
        requirepass: 's3cret/?',
        user: ['ann on nopass ~* +@all', 'bob on nopass ~* +get'],
      },
    });
    expect(await server.client().config('GET', 'maxmemory')).toEqual(['maxmemory', '67108864']);
    expect(await server.client().call('ACL', 'USERS')).toEqual(['ann', 'bob', 'default']);
    expect(server.url).toBe(`redis://:s3cret%2F%3F@127.0.0.1:${server.port}`);
  });

  it('tells what the server said when it does not start', async () => {
    const failure = await start({ config: { maxmemory: 'plenty' } }).catch((error) => error);
    expect(failure).toBeInstanceOf(RigError);
    expect(failure).toMatchObject({
      code: 'SERVER_NOT_STARTED',
      message: expect.stringContaining('argument must be a memory value'),
    });
  });

  it('does not take a foreign server on the port for its own', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toMatchObject({
      code: 'SERVER_NOT_STARTED',
      message: expect.stringContaining('Address already in use'),
    });
  });

  it('moves to another port when its own was taken in the meantime', async () => {
    const { path } = await findRedisBinary();
    const directory = await mkdtemp(join(tmpdir(), 'late-server-'));
    const binary = join(directory, 'redis-server');
    // The first server comes too late: somebody listens on its port by then.
    const listenAndServe = `
      const [server, config] = process.argv.slice(1);
      const port = /^port (.*)$/m.exec(require('node:fs').readFileSync(config, 'utf8'))[1];
      require('node:net').createServer().listen(port, '127.0.0.1', () => {
        const { status } = require('node:child_process').spawnSync(server, [config], { stdio: 'inherit' });
        process.exit(status);
      });`;
    await writeFile(join(directory, 'late.cjs'), listenAndServe);
    await writeFile(
      binary,
      `#!/bin/sh
      if [ "$1" = --version ] || [ -e "$0.was-late" ]; then exec '${path}' "$@"; fi
      cp "$1" "$0.was-late"
      exec '${process.execPath}' -e "$(cat '${directory}/late.cjs')" '${path}' "$1"
      `,
    );
    await chmod(binary, 0o755);
    const server = await start({ binary });
    const firstConfig = await readFile(`${binary}.was-late`, 'utf8');
    expect(firstConfig).toMatch(/^port \d+$/m);
    expect(firstConfig).not.toContain(`port ${server.port}\n`);
    expect(await server.client().ping()).toBe('PONG');
    await rm(directory, { recursive: true });
  });

  it('refuses a port that is none', async () => {
    await expect(start({ port: 65_536 })).rejects.toThrow(
      'port: 65536 is not an integer from 1 to 65535',
    );
  });

  it('leaves no connection of its own in CLIENT LIST', async () => {
    const server = await start();
    await server.configSet('maxmemory', '1gb');
    await server.commandStats();
    await eventually(async () => {
      const list = (await server.client().client('LIST')) as string;
      expect(list.trim().split('\n')).toHaveLength(1);
    });
  });
});

describe('kill and restart', () => {
  it('kills at once and refuses connections until the restart', async () => {
    const server = await start();
    const { pid, port } = server;
    await server.kill();
    expect(isAlive(pid)).toBe(false);
    expect(server.running).toBe(false);
    expect(() => server.pid).toThrow(expect.objectContaining({ code: 'NOT_RUNNING' }));
    expect(await connectionFailure(port)).toBe('ECONNREFUSED');
    await server.restart();
    expect(server.port).toBe(port);
    expect(await connectionFailure(port)).toBeUndefined();
  });

  it('loses data without persistence and keeps it with', async () => {
    const [volatile, durable] = await Promise.all([
      start(),
      start({ config: { appendonly: 'yes', appendfsync: 'always' } }),
    ]);
    for (const server of [volatile, durable]) {
      await server.client().set('a', '1');
      await server.kill();
      await server.restart();
    }
    expect(await volatile.client().get('a')).toBeNull();
    expect(await durable.client().get('a')).toBe('1');
  });

  it('restarts a server that runs, and one that is paused', async () => {
    const server = await start();
    const first = server.pid;
    await server.restart();
    expect(isAlive(first)).toBe(false);
    server.pause();
    await server.restart();
    expect(server.paused).toBe(false);
    expect(await server.client().ping()).toBe('PONG');
  });

  it('keeps its clients usable over an outage', async () => {
    const server = await start();
    const client = server.client();
    await client.ping();
    await server.kill();
    const answer = client.ping();
    await server.restart();
    expect(await answer).toBe('PONG');
    expect(server.client()).toBe(client);
  });
});

describe('pause', () => {
  it('hangs clients until resume, and loses nothing', async () => {
    const server = await start();
    const client = server.client();
    await client.ping();
    server.pause();
    expect(server.paused).toBe(true);
    const impatient = server.connect({ commandTimeout: 200, enableReadyCheck: false });
    await expect(impatient.ping()).rejects.toThrow('Command timed out');
    let answered = false;
    const answer = client.incr('n').finally(() => (answered = true));
    await expect(eventually(() => answered, { within: 200 })).rejects.toMatchObject({
      code: 'NOT_IN_TIME',
    });
    server.resume();
    expect(await answer).toBe(1);
  });
});

describe('stop', () => {
  it.each(['running', 'paused', 'killed'])('removes all of a %s server', async (state) => {
    const server = await start();
    const { pid, directory } = server;
    const client = server.client();
    await client.ping();
    if (state === 'paused') server.pause();
    if (state === 'killed') await server.kill();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(directory)).toBe(false);
    await eventually(() => client.status !== 'ready');
    await server.stop();
  });

  it('is done at the end of a scope as well', async () => {
    const server = await start();
    const { directory } = server;
    await server[Symbol.asyncDispose]();
    expect(existsSync(directory)).toBe(false);
  });
});

describe('killClients', () => {
  /** A connection that comes back would be closed, and counted, once more. */
  const ONCE = { retryStrategy: () => null };

  it('closes the connections that match, and only those', async () => {
    const server = await start();
    const [ann, bob, subscriber] = [
      server.connect({ connectionName: 'ann', ...ONCE }),
      server.connect({ connectionName: 'bob', ...ONCE }),
      server.connect({ connectionName: 'ann', ...ONCE }),
    ];
    const closed: string[] = [];
    ann.on('close', () => closed.push('ann'));
    bob.on('close', () => closed.push('bob'));
    subscriber.on('close', () => closed.push('subscriber'));
    await Promise.all([ann.ping(), subscriber.subscribe('news')]);
    const bobsId = await bob.client('ID');

    expect(await server.killClients({ type: 'pubsub' })).toBe(1);
    await eventually(() => expect(closed).toEqual(['subscriber']));
    expect(await server.killClients({ name: 'ann', type: 'normal' })).toBe(1);
    await eventually(() => expect(closed).toEqual(['subscriber', 'ann']));
    expect(await server.killClients({ id: bobsId })).toBe(1);
    await eventually(() => expect(closed).toEqual(['subscriber', 'ann', 'bob']));
    expect(await server.killClients({ name: 'nobody' })).toBe(0);
  });

  it('refuses to close everything by accident', async () => {
    const server = await start();
    await expect(server.killClients({})).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describe('scripts and statistics', () => {
  it('forgets scripts', async () => {
    const server = await start();
    const sha = (await server.client().script('LOAD', 'return 7')) as string;
    expect(await server.client().evalsha(sha, 0)).toBe(7);
    await server.flushScripts();
    await expect(server.client().evalsha(sha, 0)).rejects.toThrow('NOSCRIPT');
  });

  it('counts commands', async () => {
    const server = await start();
    const client = server.client();
    await client.ping();
    const during = await server.commandsDuring(async () => {
      await client.set('a', '1');
      await client.mget('a', 'b');
      await client.mget('a', 'b');
      await client.lpush('a', 'x').catch(() => undefined);
    });
    expect(during).toEqual({ set: 1, mget: 2, lpush: 1 });
    expect(await server.commandCount('MGET')).toBe(2);
    await client.config('GET', 'save');
    await client.config('GET', 'dir');
    expect(await server.commandCount('config')).toBe(2);
    expect((await server.commandStats())['lpush']).toMatchObject({ calls: 1, failed: 1 });
  });
});

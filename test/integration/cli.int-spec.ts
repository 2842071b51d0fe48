import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { CacheService } from 'nestjs-redis-kit';
import {
  eventually,
  isolatedNamespace,
  RedisServer,
  type ServerAddress,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { runCommand, startCommand, startInTerminal } from '../support/command-line.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { readExposition } from '../support/exposition.js';
import type { TopologyConnection } from '../support/topologies/topology.js';

/** A process that compiles the sources first, on a machine that is busy. */
const PATIENCE = { within: 60_000 };
const TIMEOUT = ['--timeout', '10s'];
const ESCAPE = '\x1b';

const hosts = (nodes: readonly ServerAddress[]) =>
  nodes.map(({ host, port }) => `${host}:${port}`).join(',');

function urlOf(connection: TopologyConnection): string {
  if ('url' in connection) return connection.url;
  if ('cluster' in connection) return `redis+cluster://${hosts(connection.cluster)}`;
  return `redis+sentinel://${hosts(connection.sentinels)}/${connection.name}`;
}

describeTopologies('the command line', (topology) => {
  const namespace = isolatedNamespace();
  const run = (...args: string[]) =>
    runCommand(
      '--url',
      urlOf(topology.connectionOptions()),
      '--namespace',
      namespace,
      ...TIMEOUT,
      ...args,
    );

  it('prints what it sees as objects, one a line', async () => {
    const { code, out, err } = await run(
      'monitor',
      '--output',
      'json',
      '--count',
      '2',
      '--interval',
      '100ms',
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({
        health: { topology: topology.name, status: expect.any(String) },
        info: { total: { masters: (await topology.masters()).length } },
        memory: { total: { usedBytes: expect.any(Number) } },
      });
    }
  });

  it('prints metrics as Prometheus reads them, once', async () => {
    const { code, out } = await run('monitor', '--output', 'metrics');
    expect(code).toBe(0);
    const up = [...readExposition(out)].filter(([series]) => series.startsWith('redis_up{'));
    expect(up.map(([, value]) => value)).toEqual(
      Array(topology.name === 'cluster' ? 6 : 1).fill(1),
    );
  });

  it('prints a view, statistics, slow commands and advice without colours in a pipe', async () => {
    const secret = `${namespace}:secret-of-someone`;
    await topology.admin.set(secret, 'x');
    const [view, keys, slow, advice] = [
      await run('monitor', '--count', '1'),
      await run('keys', '--pattern', `${namespace}:*`),
      await run('slowlog'),
      await run('doctor'),
    ];
    await topology.admin.del(secret);
    for (const { code, out } of [view, keys, slow, advice]) {
      expect(code).toBe(0);
      expect(out).not.toContain(ESCAPE);
      expect(out).not.toContain('secret-of-someone');
    }
    expect(view.out).toMatch(
      /Redis (standalone|sentinel|cluster)[^]*Operations[^]*Memory[^]*Hit ratio/,
    );
    expect(keys.out).toContain('1 keys, 1 of them without an expiry');
    expect(advice.out).toMatch(/ok +commands: SET, GET, MGET, PEXPIRE, EVAL, UNLINK work/);
  });

  it('invalidates a tag for the applications of a namespace', async () => {
    const app = await startApplication({
      namespace,
      connections: { default: topology.connectionOptions() },
      connect: 'require',
    });
    try {
      const cache = app.get(CacheService);
      const read = (value: number) =>
        cache.getOrSet('key', () => value, { tags: ['shoes'], strict: true });
      await eventually(async () => {
        await read(1);
        return (await read(9)) === 1;
      }, PATIENCE);
      expect(await run('cache', 'invalidate', '--tag', 'hats')).toMatchObject({ code: 0 });
      expect(await read(2)).toBe(1);
      expect(await run('cache', 'invalidate', '--tag', 'hats', 'shoes')).toMatchObject({ code: 0 });
      expect(await read(3)).toBe(3);
    } finally {
      await app.close();
    }
  });
});

describe('the command line', () => {
  it.each([
    [['--help'], 0, 'Usage: redis-kit'],
    [['monitor', '--help'], 0, '--interval'],
    [[], 2, 'Usage: redis-kit'],
    [['nothing'], 2, "unknown command 'nothing'"],
    [['monitor', '--interval', 'often'], 2, 'It is a duration'],
    [['monitor', '--output', 'xml'], 2, 'Allowed choices are console, json, metrics'],
    [['slowlog', '--count', '0'], 2, 'It is a whole number from 1 to 1000'],
    [['cache', 'invalidate'], 2, "required option '--tag"],
    [['--url', 'http://:s3cret@host', 'keys'], 2, 'expected redis://[user:password@]host'],
    [['--url', 'redis://:s3cret@127.0.0.1:1', 'keys'], 1, 'ECONNREFUSED'],
    [['--url', 'redis://127.0.0.1:1', 'monitor', '--count', '1'], 1, 'UNHEALTHY'],
    [
      ['--url', 'redis://127.0.0.1:1', 'monitor', '--output', 'metrics'],
      1,
      'redis_up{connection="default",node=""} 0',
    ],
    [['--url', 'redis://127.0.0.1:1', 'slowlog'], 1, 'unreachable'],
    [['--url', 'redis://127.0.0.1:1', 'doctor'], 1, 'unreachable'],
    [
      ['--url', 'redis://127.0.0.1:1', '--timeout', '300ms', 'cache', 'invalidate', '--tag', 'a'],
      1,
      'error:',
    ],
  ])('of %p ends with %i', async (args, expected, message) => {
    const { code, out, err } = await runCommand(...args);
    expect(out + err).toContain(message);
    expect(code).toBe(expected);
    expect(out + err).not.toContain('s3cret');
  });

  it('ends with 3 when the doctor finds a problem', async () => {
    await using server = await RedisServer.start();
    await server.call('ACL', 'SETUSER', 'reader', 'on', '>pass', '~*', '+@all', '-set', '-eval');
    const url = server.url.replace('//', '//reader:pass@');
    const { code, out } = await runCommand('--url', url, ...TIMEOUT, 'doctor');
    expect(out).toMatch(/problem +SET: NOPERM/);
    expect(out).toMatch(/problem +EVAL: NOPERM/);
    expect(code).toBe(3);
    expect(await server.client().keys('*')).toEqual([]);
  });

  it('redraws a view in a terminal, within its size and with colours, and leaves it as it was', async () => {
    await using server = await RedisServer.start();
    await server.configSet('maxmemory', '100mb');
    await server.configSet('slowlog-log-slower-than', '0');
    const running = startInTerminal(['--url', server.url, 'monitor', '--interval', '200ms'], {
      columns: 60,
      rows: 24,
    });
    const frames = () => running.printed().split(`${ESCAPE}[H`).slice(1);
    await eventually(() => expect(frames().length).toBeGreaterThan(3), PATIENCE);
    const frame = frames()[2]!;
    expect(frame).toContain(`${ESCAPE}[1mRedis standalone`);
    const coloured = [`${ESCAPE}[32mHEALTHY`, `${ESCAPE}[33mDEGRADED`];
    expect(coloured.some((status) => frame.includes(status))).toBe(true);
    expect(frame).toMatch(/Operations.*[▁▂▃▄▅▆▇█]/);
    expect(frame).toContain('Slow commands');
    const lines = stripVTControlCharacters(frame).split('\r\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(60);
    // What Ctrl-C sends.
    running.process.stdin?.write('\x03');
    expect(await running.ended).toBe(0);
    expect(running.printed().trimEnd().endsWith(`${ESCAPE}[?25h`)).toBe(true);
  });

  it('has no colours in a terminal whose user wants none', async () => {
    await using server = await RedisServer.start();
    const args = ['--url', server.url, ...TIMEOUT, 'doctor'];
    const running = startInTerminal(args, { columns: 80, rows: 24, env: { NO_COLOR: '1' } });
    expect(await running.ended).toBe(0);
    expect(running.printed()).toContain('commands: SET');
    expect(running.printed()).not.toContain(ESCAPE);
  });

  it('takes the URL from the environment, and ends by itself and on a signal', async () => {
    await using server = await RedisServer.start();
    const env = { REDIS_URL: server.url };
    const keys = startCommand([...TIMEOUT, 'keys', '--output', 'json'], env);
    expect(await keys.ended).toBe(0);
    expect(JSON.parse(keys.printed())).toMatchObject({ total: { keys: { value: 0, margin: 0 } } });
    const monitor = startCommand(['monitor', '--output', 'json', '--interval', '1h'], env);
    await eventually(() => expect(monitor.printed()).toContain('\n'), PATIENCE);
    monitor.process.kill('SIGTERM');
    expect(await monitor.ended).toBe(0);
  });

  it('is a program: its first line says by what it is run', () => {
    const source = join(import.meta.dirname, '../../libs/redis-kit/src/cli/redis-kit.ts');
    expect(readFileSync(source, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
  });
});

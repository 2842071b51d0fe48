import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findRedisBinary, RedisServer } from 'nestjs-redis-kit/testing';

describe('findRedisBinary', () => {
  const environment = { ...process.env };
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'binaries-'));
    delete process.env['REDIS_KIT_SERVER_BINARY'];
  });

  afterEach(async () => {
    process.env['PATH'] = environment['PATH'];
    delete process.env['REDIS_KIT_SERVER_BINARY'];
    await rm(directory, { recursive: true });
  });

  async function program(name: string, banner: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\necho '${banner}'\n`);
    await chmod(path, 0o755);
    return path;
  }

  it('finds the server of the PATH and tells flavour and version', async () => {
    const binary = await findRedisBinary();
    expect(binary.path).toMatch(/\/(redis|valkey)-server$/);
    expect(binary.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('finds valkey-server where there is no redis-server', async () => {
    const path = await program('valkey-server', 'Valkey server v=8.0.1 sha=00000000:0 malloc=libc');
    process.env['PATH'] = directory;
    expect(await findRedisBinary()).toEqual({ path, flavour: 'valkey', version: '8.0.1' });
  });

  it('prefers the option over the environment, and that over the PATH', async () => {
    const ofOption = await program('one', 'Redis server v=7.4.1 sha=0');
    const ofEnvironment = await program('two', 'Redis server v=7.2.0 sha=0');
    process.env['REDIS_KIT_SERVER_BINARY'] = ofEnvironment;
    expect((await findRedisBinary(ofOption)).path).toBe(ofOption);
    expect((await findRedisBinary()).path).toBe(ofEnvironment);
  });

  it('takes the name of a program on the PATH, too', async () => {
    const path = await program('redis-server-next', 'Redis server v=8.2.0 sha=0');
    process.env['PATH'] = `${directory}:${process.env['PATH']}`;
    expect((await findRedisBinary('redis-server-next')).path).toBe(path);
  });

  it('says what to install when there is none', async () => {
    process.env['PATH'] = directory;
    await expect(RedisServer.start()).rejects.toMatchObject({
      code: 'BINARY_NOT_FOUND',
      message: expect.stringMatching(/apt-get install redis-server.*REDIS_KIT_SERVER_BINARY/),
    });
  });

  it('names the source of a path that leads nowhere', async () => {
    process.env['REDIS_KIT_SERVER_BINARY'] = '/nowhere/redis-server';
    await expect(findRedisBinary()).rejects.toThrow(
      'There is no program "/nowhere/redis-server" (given by REDIS_KIT_SERVER_BINARY)',
    );
    await expect(findRedisBinary('/nowhere/else')).rejects.toThrow('given by the option `binary`');
  });

  it('refuses a program that is something else', async () => {
    const other = await program('redis-cli', 'redis-cli 7.0.15');
    await expect(findRedisBinary(other)).rejects.toThrow('is no Redis or Valkey server');
  });

  it('starts a server by a link to it', async () => {
    const { path } = await findRedisBinary();
    const link = join(directory, 'linked-server');
    await symlink(path, link);
    const server = await RedisServer.start({ binary: link });
    expect(server.binary.path).toBe(link);
    await server.stop();
  });
});

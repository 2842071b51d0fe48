import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { eventually } from 'nestjs-redis-kit/testing';
import { isAlive } from '../../support/process-state.js';
import { TYPESCRIPT_ARGS } from '../../support/typescript.js';

interface OwnedServer {
  pid: number;
  directory: string;
}

async function startOwner(
  ...args: string[]
): Promise<{ owner: ChildProcess; servers: OwnedServer[] }> {
  const owner = spawn(
    process.execPath,
    [
      ...TYPESCRIPT_ARGS,
      fileURLToPath(new URL('./programs/server-owner.ts', import.meta.url)),
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [line] = (await once(createInterface(owner.stdout!), 'line')) as [string];
  return { owner, servers: JSON.parse(line) as OwnedServer[] };
}

async function expectNothingLeft(servers: OwnedServer[]): Promise<void> {
  expect(servers).toHaveLength(2);
  await eventually(
    () => {
      expect(servers.filter(({ pid }) => isAlive(pid))).toEqual([]);
      expect(servers.filter(({ directory }) => existsSync(directory))).toEqual([]);
    },
    { within: 5_000 },
  );
}

describe('servers that nobody stopped', () => {
  it.each(['exit', 'throw', 'reject', 'return'])(
    'are gone after their process ended by %s',
    async (ending) => {
      const { owner, servers } = await startOwner(ending);
      if (owner.exitCode === null) await once(owner, 'exit');
      await expectNothingLeft(servers);
    },
  );

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'are gone after their process got %s',
    async (signal) => {
      const { owner, servers } = await startOwner('idle');
      expect(servers.map(({ pid }) => isAlive(pid))).toEqual([true, true]);
      owner.kill(signal);
      await expectNothingLeft(servers);
    },
  );

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'are gone after their process got %s, although they were stopped by SIGSTOP',
    async (signal) => {
      const { owner, servers } = await startOwner('idle', 'paused');
      owner.kill(signal);
      await expectNothingLeft(servers);
    },
  );
});

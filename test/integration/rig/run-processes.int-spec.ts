import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventually,
  runProcesses,
  serveScenario,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import { isAlive } from '../../support/process-state.js';
import { TYPESCRIPT_ARGS } from '../../support/typescript.js';
import type { Methods as NestMethods } from './programs/nest-scenario.js';
import type { Methods } from './programs/scenario.js';

const script = new URL('./programs/scenario.ts', import.meta.url);

describe('runProcesses', () => {
  let processes: ScenarioProcesses<Methods>;

  beforeAll(async () => {
    processes = await runProcesses<Methods>(2, script, {
      args: ['one', 'two'],
      env: { COLOR: 'green' },
      execArgv: TYPESCRIPT_ARGS,
    });
  });

  afterAll(async () => {
    await processes.stop();
  });

  it('runs real processes with their arguments and environment', async () => {
    const pids = await processes.all('pid');
    expect(new Set([...pids, process.pid]).size).toBe(3);
    expect(pids).toEqual([processes.pid(0), processes.pid(1)]);
    expect(await processes.call(1, 'environment')).toEqual({
      args: ['one', 'two'],
      color: 'green',
    });
  });

  it('carries more than JSON does', async () => {
    const value = { at: new Date(5), big: 10n ** 20n, none: undefined, map: new Map([[1, 'a']]) };
    expect(await processes.call(0, 'echo', value)).toEqual(value);
  });

  it('carries errors with name, fields and stack', async () => {
    const error = (await processes.call(0, 'drinkTea').catch((reason) => reason)) as Error;
    expect(error).toMatchObject({
      name: 'OutOfTeaError',
      message: 'no tea left',
      code: 'OUT_OF_TEA',
      pots: new Map([['kitchen', 0]]),
    });
    expect(error).not.toHaveProperty('complain');
    expect(error.stack).toMatch(/scenario\.ts:\d+/);
  });

  it('rejects what cannot be carried, and methods that do not exist', async () => {
    await expect(processes.call(0, 'giveFunction')).rejects.toThrow('could not be cloned');
    await expect(processes.call(0, 'toString' as 'pid')).rejects.toThrow(
      'has no method "toString"',
    );
    await expect(processes.call(2, 'pid')).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
    expect(await processes.call(0, 'pid')).toBe(processes.pid(0));
  });

  it('tells what a process printed when it ends in the middle of a call', async () => {
    const error = (await processes.call(0, 'crash').catch((reason) => reason)) as Error;
    expect(error).toMatchObject({ name: 'RigError', code: 'SCENARIO_EXITED' });
    expect(error.message).toContain('scenario.ts #0 ended with code 1');
    expect(error.message).toContain('about to crash');
    expect(error.message).toContain('the roof is on fire');
    await expect(processes.call(0, 'pid')).rejects.toMatchObject({ code: 'SCENARIO_EXITED' });
    expect(await processes.all('pid')).toEqual([processes.pid(1)]);
    await processes.restart(0);
  });

  it('kills one, and puts another in its place', async () => {
    const first = processes.pid(0);
    const pending = processes.call(0, 'never').catch((error: Error) => error);
    await processes.kill(0);
    expect(await pending).toMatchObject({
      code: 'SCENARIO_EXITED',
      message: expect.stringContaining('was ended by SIGKILL'),
    });
    expect(isAlive(first)).toBe(false);
    await processes.restart(0);
    expect(processes.pid(0)).not.toBe(first);
    expect(await processes.call(0, 'pid')).toBe(processes.pid(0));
  });

  it('pauses one, which answers when it is resumed', async () => {
    processes.pause(1);
    let answered = false;
    const answer = processes.call(1, 'pid').finally(() => (answered = true));
    await expect(eventually(() => answered, { within: 200 })).rejects.toThrow();
    processes.resume(1);
    expect(await answer).toBe(processes.pid(1));
  });
});

describe('processes of their own', () => {
  it('run TypeScript with decorator metadata, so that Nest injects by type', async () => {
    const program = new URL('./programs/nest-scenario.ts', import.meta.url);
    const nest = await runProcesses<NestMethods>(1, program, { execArgv: TYPESCRIPT_ARGS });
    expect(await nest.call(0, 'greet')).toBe('hello nobody, goodbye');
    await nest.stop();
  });

  it('are all ended by stop, paused ones included', async () => {
    const processes = await runProcesses<Methods>(2, script, { execArgv: TYPESCRIPT_ARGS });
    const pids = await processes.all('pid');
    processes.pause(0);
    await processes.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('tell why a process did not get ready, and leave none', async () => {
    await expect(
      runProcesses(2, script, { args: ['--fail'], execArgv: TYPESCRIPT_ARGS }),
    ).rejects.toMatchObject({
      code: 'SCENARIO_EXITED',
      message: expect.stringContaining('failed to set up'),
    });
  });

  it('are gone when the one that started them is killed', async () => {
    const owner = spawn(
      process.execPath,
      [...TYPESCRIPT_ARGS, fileURLToPath(new URL('./programs/process-owner.ts', import.meta.url))],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
    const pids = JSON.parse(line) as number[];
    expect(pids.map(isAlive)).toEqual([true, true]);
    owner.kill('SIGKILL');
    await eventually(() => expect(pids.filter(isAlive)).toEqual([]), { within: 5_000 });
  });

  it('are at least one', async () => {
    await expect(runProcesses(0, script)).rejects.toThrow('count: 0 is not an integer >= 1');
  });

  it('cannot be served by a process they did not start', () => {
    const { send } = process;
    delete process.send;
    try {
      expect(() => serveScenario({})).toThrow('works in processes of runProcesses only');
    } finally {
      if (send !== undefined) process.send = send;
    }
  });
});

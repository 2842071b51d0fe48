import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  eventually,
  isolatedNamespace,
  RedisServer,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import type { methods, Run } from '../scenarios/scheduled-job.js';
import { runScenario } from '../support/run-scenario.js';

const PROCESSES = 3;
const HOUR_MS = 3_600_000;

describe('a job of several processes whose clocks are hours apart', () => {
  let server: RedisServer;
  let namespace: string;
  let processes: ScenarioProcesses<typeof methods>;

  beforeAll(async () => {
    server = await RedisServer.start();
    processes = await runScenario<typeof methods>(PROCESSES, 'scheduled-job');
  });

  afterAll(async () => {
    await processes.stop();
    await server.stop();
  });

  const start = (index: number) =>
    processes.call(index, 'start', {
      namespace,
      url: server.url,
      clockSkewMs: (index - 1) * HOUR_MS,
    });
  const runs = async (): Promise<Run[]> => {
    const all = await server.client().lrange(`${namespace}:runs`, 0, -1);
    return all.map((text) => JSON.parse(text) as Run);
  };
  /** The window has passed, by the clock of Redis. */
  const nextTick = (job: string) => server.client().del(`${namespace}:v1:job-tick:{${job}}`);

  beforeEach(async () => {
    namespace = isolatedNamespace();
    await Promise.all(Array.from({ length: PROCESSES }, (_, index) => start(index)));
  });

  it('runs once at each tick, whoever comes first', async () => {
    const ticks = ['one', 'two', 'three', 'four'];
    for (const tick of ticks) {
      const outcomes = await processes.all('notice', tick);
      expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
      await nextTick('notice');
    }
    expect((await runs()).map(({ tick }) => tick)).toEqual(ticks);
    await processes.all('stop');
  });

  it('is taken over from a process that is killed, once, and runs no tick twice', async () => {
    const died = processes.call(0, 'report', 'one', true).catch(() => 'died');
    await eventually(async () => expect(await runs()).toHaveLength(1));
    const others = [1, 2].map((index) => processes.call(index, 'report', 'one', false));
    await eventually(async () => {
      const [queue] = await server.client().keys(`${namespace}:v1:lock:{job:report:*}:queue`);
      expect(await server.client().zcard(queue ?? '')).toBe(2);
    });
    const killed = processes.pid(0);
    await processes.kill(0);
    expect(await died).toBe('died');
    const outcomes = await Promise.all(others);
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    const [first, second, ...more] = await runs();
    expect(first!.process).toBe(killed);
    expect(second!.process).not.toBe(killed);
    expect(more).toEqual([]);

    await processes.restart(0);
    await start(0);
    // Comes late to a tick that is done.
    expect(await processes.call(0, 'report', 'one', false)).toBeUndefined();
    await processes.all('stop');
  });
});

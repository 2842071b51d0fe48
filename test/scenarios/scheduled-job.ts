import 'reflect-metadata';
import { setTimeout as workingTime } from 'node:timers/promises';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RunOnce } from 'nestjs-redis-kit';
import { serveScenario } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';

/** One process of an application with a job that is to run once in all of them. */
export interface ScheduledJobOptions {
  readonly namespace: string;
  readonly url: string;
  readonly clockSkewMs: number;
}

export interface Run {
  readonly process: number;
  readonly tick: string;
  /** What the process takes the time to be. */
  readonly clock: number;
}

const realNow = Date.now;
let ledger: Redis;
let runsKey: string;
let app: INestApplicationContext;

@Injectable()
class Jobs {
  @RunOnce('report', { window: '1m', missed: 'run', overlap: 'allow', lock: { lease: '2s' } })
  async report(tick: string, holds: boolean): Promise<string> {
    const run: Run = { process: process.pid, tick, clock: Date.now() };
    await ledger.rpush(runsKey, JSON.stringify(run));
    // Until it is killed.
    if (holds) await workingTime(60_000);
    return 'done';
  }

  @RunOnce('notice', { window: '1m' })
  async notice(tick: string): Promise<string> {
    await ledger.rpush(
      runsKey,
      JSON.stringify({ process: process.pid, tick, clock: Date.now() } satisfies Run),
    );
    return 'done';
  }
}

export const methods = {
  start: async ({ namespace, url, clockSkewMs }: ScheduledJobOptions): Promise<void> => {
    Date.now = () => realNow() + clockSkewMs;
    ledger = new Redis(url);
    runsKey = `${namespace}:runs`;
    app = await startApplication({ namespace, url }, { providers: [Jobs] });
  },
  notice: (tick: string): Promise<string | undefined> => app.get(Jobs).notice(tick),
  report: (tick: string, holds: boolean): Promise<string | undefined> =>
    app.get(Jobs).report(tick, holds),
  stop: async (): Promise<void> => {
    await app.close();
    ledger.disconnect();
  },
};

if (process.send) serveScenario(methods);

import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { CounterService, LeaderboardService } from 'nestjs-redis-kit';
import { serveScenario } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import type { TopologyConnection } from '../support/topologies/topology.js';

export interface CountingOptions {
  readonly namespace: string;
  readonly connection: TopologyConnection;
  readonly clockSkewMs: number;
}

/** Counters that several processes share, and the boards they fill. */
export const SHARED = {
  group: 'everything',
  board: { name: 'busiest', maxSize: 5, period: 'month' },
  members: 8,
} as const;

const realNow = Date.now;
const realOrigin = performance.timeOrigin;
let app: INestApplicationContext | undefined;

export const methods = {
  start: async ({ namespace, connection, clockSkewMs }: CountingOptions): Promise<void> => {
    // Every clock of this process that a library could ask.
    Date.now = () => realNow() + clockSkewMs;
    Object.defineProperty(performance, 'timeOrigin', {
      value: realOrigin + clockSkewMs,
      configurable: true,
    });
    app = await startApplication({
      namespace,
      connections: { default: connection },
      counters: { deadline: '30s', flushEvery: '10ms' },
    });
  },

  /** Counts `times` in each of the ways there are. */
  count: async (times: number): Promise<void> => {
    const counters = app!.get(CounterService);
    const boards = app!.get(LeaderboardService);
    const once = async (at: number): Promise<void> => {
      counters.tally('tallied', { window: 'month' });
      await Promise.all([
        counters.increment('plain'),
        counters.increment('windowed', { window: '1s', keep: 900 }),
        counters.increment(`name ${at % 7}`, { group: SHARED.group, window: 'month' }),
        counters.addUnique('unique', `member ${at}`, { window: 'month' }),
        boards.incrementBy(SHARED.board, `member ${at % SHARED.members}`, 1),
      ]);
    };
    await Promise.all(Array.from({ length: times }, (_, at) => once(at)));
  },

  stop: async (): Promise<void> => {
    await app?.close();
  },
};

if (process.send) serveScenario(methods);

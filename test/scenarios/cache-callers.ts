import 'reflect-metadata';
import { setTimeout as queryTime } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { CacheService, type CacheCallOptions, type CacheOptions } from 'nestjs-redis-kit';
import { serveScenario } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import type { TopologyConnection } from '../support/topologies/topology.js';

/** What the callers of one process got. */
export interface CallsReport {
  /** How often a factory of this process ran. */
  readonly runs: number;
  readonly values: unknown[];
  readonly errors: string[];
}

let app: INestApplicationContext;

/** One process with callers of one cache. */
export const methods = {
  start: async (
    namespace: string,
    connection: TopologyConnection,
    cache: CacheOptions,
  ): Promise<void> => {
    app = await startApplication({
      namespace,
      connections: { default: connection },
      caches: { default: cache },
    });
  },

  /** Asks for a key `callers` times at once; the factory takes `factoryMs`, and fails when it is told no value. */
  call: async (
    key: string,
    callers: number,
    { factoryMs, value }: { factoryMs: number; value?: string },
    options: CacheCallOptions = {},
  ): Promise<CallsReport> => {
    let runs = 0;
    const factory = async () => {
      runs += 1;
      await queryTime(factoryMs);
      if (value === undefined) throw new Error('no data');
      return value;
    };
    const cache = app.get(CacheService);
    const outcomes = await Promise.allSettled(
      Array.from({ length: callers }, () => cache.getOrSet(key, factory, options)),
    );
    return {
      runs,
      values: outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
      errors: outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : [])),
    };
  },

  stop: async (): Promise<void> => app.close(),
};

if (process.send) serveScenario(methods);

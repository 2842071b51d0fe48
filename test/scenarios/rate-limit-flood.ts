import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { RateLimiter, type RateLimitPolicy } from 'nestjs-redis-kit';
import { serveScenario } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import type { TopologyConnection } from '../support/topologies/topology.js';

/** One process of a flood, with a clock that may be wrong. */
export interface FloodOptions {
  readonly namespace: string;
  readonly connection: TopologyConnection;
  readonly clockSkewMs: number;
}

const realNow = Date.now;
let app: INestApplicationContext | undefined;

export const methods = {
  start: async ({ namespace, connection, clockSkewMs }: FloodOptions): Promise<void> => {
    Date.now = () => realNow() + clockSkewMs;
    app = await startApplication({
      namespace,
      connections: { default: connection },
      rateLimit: { deadline: '50s', onFailure: 'closed', denyCache: { maxEntries: 0 } },
    });
  },
  /** How many of `attempts` at once are allowed. */
  flood: async (key: string, policies: RateLimitPolicy[], attempts: number): Promise<number> => {
    const limiter = app!.get(RateLimiter);
    const decisions = await Promise.all(
      Array.from({ length: attempts }, () => limiter.consume(key, policies)),
    );
    if (decisions.some(({ source }) => source !== 'redis')) throw new Error('Redis was not asked');
    return decisions.filter(({ allowed }) => allowed).length;
  },
  stop: async (): Promise<void> => {
    await app?.close();
  },
};

if (process.send) serveScenario(methods);

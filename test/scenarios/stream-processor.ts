import 'reflect-metadata';
import { setTimeout as workingTime, setTimeout as pauseBeforeRetry } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import { EventProcessor, EventStore, RedisKitEvents } from 'nestjs-redis-kit';
import { serveScenario } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import type { TopologyConnection } from '../support/topologies/topology.js';

/** One process that appends and processes events; what it handled goes to a ledger in another Redis. */
export interface StreamProcessOptions {
  readonly namespace: string;
  readonly connection: TopologyConnection;
  readonly ledgerUrl: string;
  readonly category: string;
  /** How long handling takes. */
  readonly handlerMs: number;
}

/** Ends the process that handles it. */
export const POISON = 'Poison';

let app: INestApplicationContext;
let ledger: Redis;
let category: string;

export const methods = {
  start: async (options: StreamProcessOptions): Promise<void> => {
    ({ category } = options);
    app = await startApplication({
      namespace: options.namespace,
      connections: { default: { ...options.connection, commandTimeout: '2s' } },
      streams: { partitions: 4, lease: '1s', poll: '200ms' },
    });
    ledger = new Redis(options.ledgerUrl);
    const { namespace, handlerMs } = options;
    app.get(RedisKitEvents).on('stream.gap', ({ kind, count }) => {
      void ledger.incrby(`${namespace}:gap:${kind}`, count);
    });
    app.get(EventProcessor).handle({ category, group: 'g', retries: 0 }, async (event) => {
      await ledger.rpush(`${namespace}:began`, event.id);
      if (event.type === POISON) process.kill(process.pid, 'SIGKILL');
      await workingTime(handlerMs);
      await ledger.rpush(`${namespace}:done`, `${event.stream} ${event.version} ${event.id}`);
    });
  },
  /** Appends events until told otherwise; the ids of those that were acknowledged. */
  append: async (first: number, count: number, durable: boolean): Promise<string[]> => {
    const store = app.get(EventStore);
    const acknowledged: string[] = [];
    const lanes = Array.from({ length: 8 }, async (_, lane) => {
      for (let n = first + lane; n < first + count; n += 8) {
        const event = { id: `e${n}`, type: 'Added', data: { n } };
        const options = durable
          ? ({ durability: { waitReplicas: 1, timeout: '2s' } } as const)
          : {};
        for (let attempt = 0; attempt < 60; attempt++) {
          try {
            await store.append(`${category}-${n % 20}`, event, options);
            acknowledged.push(event.id);
            break;
          } catch {
            await pauseBeforeRetry(200);
          }
        }
      }
    });
    await Promise.all(lanes);
    return acknowledged;
  },
  stop: async (): Promise<void> => {
    await app.close();
    ledger.disconnect();
  },
};

if (process.send) serveScenario(methods);

// @ts-check
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientRedis } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { RedisEventBus, RedisKitModule } from '../../libs/redis-kit/dist/index.js';
import { Redis } from '../lib/library.mjs';
import { measure } from '../lib/measure.mjs';
import { toCases } from '../lib/report.mjs';
import { libraryVersion } from '../lib/versions.mjs';

const CONCURRENCY = 64;
const PAYLOAD = {
  id: 'order-4711',
  customer: 'c-42',
  total: 129.9,
  lines: [
    { product: 'p-1', quantity: 2 },
    { product: 'p-2', quantity: 1 },
  ],
};

/** What an event costs the process that publishes it. Nobody listens, so that the server's fan-out is not in it. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: {
    ioredis: libraryVersion('ioredis'),
    '@nestjs/microservices': libraryVersion('@nestjs/microservices'),
  },
  run: async ({ suite: name, server, settings }) => {
    class BenchModule {}
    Module({ imports: [RedisKitModule.forRoot({ url: server.url, namespace: 'bench' })] })(
      BenchModule,
    );
    const app = await NestFactory.createApplicationContext(BenchModule, {
      logger: ['warn', 'error'],
    });
    const raw = new Redis(server.url, { protocol: 2 });
    const transport = new ClientRedis({ host: server.host, port: server.port });
    try {
      const bus = app.get(RedisEventBus);
      await transport.connect();
      await raw.ping();
      let number = 0;
      const key = () => `order-${(number += 1) % 1_000}`;
      const subjects = [
        {
          name: 'raw',
          call: async () => {
            await raw.publish('orders.created', JSON.stringify(PAYLOAD));
          },
        },
        {
          name: 'redis-kit',
          call: async () => {
            await bus.publish('orders.created', PAYLOAD, { key: key() });
          },
        },
        {
          name: 'redis-kit-recoverable',
          call: async () => {
            await bus.publish('orders.created', PAYLOAD, { key: key(), delivery: 'recoverable' });
          },
        },
        {
          name: 'nest-redis-transport',
          call: async () => {
            await lastValueFrom(transport.emit('orders.created', PAYLOAD), { defaultValue: 0 });
          },
        },
      ];
      const measurement = await measure({ subjects, concurrency: CONCURRENCY, settings });
      const title = { suite: name, name: `publish, ${CONCURRENCY} at a time` };
      return toCases(title, measurement, {});
    } finally {
      raw.disconnect();
      await transport.close();
      await app.close();
    }
  },
};

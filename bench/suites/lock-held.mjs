// @ts-check
import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LockService, RedisKitModule } from '../../libs/redis-kit/dist/index.js';
import { lockVersions } from '../contenders/locks.mjs';

const HELD = 10_000;
const TOGETHER = 200;
const LEASE_MS = 9_000;

/** What it costs to keep many locks: renewals per second, and CPU of the client. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: lockVersions,
  run: async ({ suite: name, server, settings }) => {
    class BenchModule {}
    const locks = { lease: LEASE_MS };
    Module({
      imports: [RedisKitModule.forRoot({ url: server.url, namespace: 'bench', locks })],
    })(BenchModule);
    const app = await NestFactory.createApplicationContext(BenchModule, {
      logger: ['warn', 'error'],
    });
    try {
      const service = app.get(LockService);
      const held = [];
      for (let at = 0; at < HELD; at += TOGETHER) {
        const names = Array.from({ length: TOGETHER }, (_, i) => `held:${at + i}`);
        held.push(...(await Promise.all(names.map((lock) => service.acquire(lock)))));
      }
      // Two leases: what is not renewed is lost meanwhile.
      const measuredMs = Math.max(2 * LEASE_MS, settings.seconds * 1_000);
      let cpu = process.cpuUsage();
      const startedAt = performance.now();
      const commands = await server.commandsDuring(() => pause(measuredMs));
      cpu = process.cpuUsage(cpu);
      const seconds = (performance.now() - startedAt) / 1_000;
      for (const lock of held) lock.check();
      const share = (cpu.user + cpu.system) / 10_000 / seconds;
      await Promise.all(held.map((lock) => lock.release()));
      const common = {
        suite: name,
        higherIsBetter: false,
        spread: {},
        ratios: {},
        commandsPerCall: {},
      };
      const scripts = commands['evalsha'] ?? 0;
      return [
        {
          ...common,
          name: '10,000 locks held: scripts',
          unit: '1/s',
          results: { 'redis-kit': Number((scripts / seconds).toFixed(1)) },
        },
        {
          ...common,
          name: '10,000 locks held: CPU of the client',
          unit: '%',
          results: { 'redis-kit': Number(share.toFixed(2)) },
        },
      ];
    } finally {
      await app.close();
    }
  },
};

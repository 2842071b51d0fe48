// @ts-check
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisKitModule } from '../../libs/redis-kit/dist/index.js';
import { SessionModule, SessionService } from '../../libs/redis-kit/dist/session/index.js';
import { Sessions } from '../../libs/redis-kit/dist/session/sessions.js';
import { Redis } from '../lib/library.mjs';
import { fromSamples } from '../lib/report.mjs';
import { libraryVersion } from '../lib/versions.mjs';

const LISTED = 100;
const REVOKED = 1_000;
/** Lists in a row, of which the average counts. */
const LISTS = 100;
const TOGETHER = 200;

/** The sessions of one user: listing 100, ending 1,000. The plain driver reads, or removes, keys that it knows. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: {
    'nestjs-redis-kit': libraryVersion('nestjs-redis-kit'),
    ioredis: libraryVersion('ioredis'),
  },
  run: async ({ suite: name, server, settings }) => {
    class BenchModule {}
    Module({
      imports: [
        RedisKitModule.forRoot({ url: server.url, namespace: 'bench:users', connect: 'require' }),
        SessionModule.forRoot({ secret: 'a secret of the benchmark that is long enough' }),
      ],
    })(BenchModule);
    const app = await NestFactory.createApplicationContext(BenchModule, {
      logger: ['warn', 'error'],
    });
    const redis = new Redis(server.url, { protocol: 2 });
    try {
      const [service, sessions] = [app.get(SessionService), app.get(Sessions)];
      const login = async (/** @type {string} */ user, /** @type {number} */ count) => {
        for (let from = 0; from < count; from += TOGETHER) {
          const some = Array.from({ length: Math.min(TOGETHER, count - from) }, () =>
            sessions.login(user, { cart: ['mug'] }, { device: '{}', ticket: undefined }),
          );
          await Promise.all(some);
        }
      };
      const samples = { list: newSamples(), revoke: newSamples() };
      await login('lister', LISTED);
      const keys = Array.from({ length: LISTED }, (_, at) => `plain:{list}:${at}`);
      for (const key of keys) await redis.set(key, '{"cart":["mug"]}', 'PX', 3_600_000);
      for (let round = -1; round < settings.rounds; round++) {
        const plain = await timed(async () => {
          const pipeline = redis.pipeline();
          for (const key of keys) pipeline.get(key);
          if ((await pipeline.exec())?.length !== LISTED) throw new Error('Something is missing');
        }, LISTS);
        const listed = await timed(async () => {
          const list = await service.listForUser('lister');
          if (list.length !== LISTED) throw new Error(`Listed ${list.length}`);
        }, LISTS);
        const user = `revoked ${round}`;
        await login(user, REVOKED);
        const doomed = Array.from({ length: REVOKED }, (_, at) => `plain:{revoke}:${at}`);
        await redis.mset(Object.fromEntries(doomed.map((key) => [key, '{"cart":["mug"]}'])));
        const removed = await timed(() => redis.unlink(...doomed));
        const revoked = await timed(async () => {
          const count = await service.revokeAll(user);
          if (count !== REVOKED) throw new Error(`Revoked ${count}`);
        });
        // The first round is the warm-up.
        if (round < 0) continue;
        samples.list.get('raw')?.push(plain);
        samples.list.get('redis-kit')?.push(listed);
        samples.revoke.get('raw')?.push(removed);
        samples.revoke.get('redis-kit')?.push(revoked);
      }
      return [
        fromSamples({ suite: name, name: `list of ${LISTED}`, unit: 'ms' }, samples.list),
        fromSamples({ suite: name, name: `revokeAll of ${REVOKED}`, unit: 'ms' }, samples.revoke),
      ];
    } finally {
      await app.close();
      await redis.quit();
    }
  },
};

/** @returns {Map<string, number[]>} */
const newSamples = () =>
  new Map([
    ['raw', []],
    ['redis-kit', []],
  ]);

/**
 * Milliseconds that it takes, one after the other.
 * @param {() => Promise<unknown>} work
 * @param {number} [times]
 */
async function timed(work, times = 1) {
  const startedAt = performance.now();
  for (let time = 0; time < times; time++) await work();
  return (performance.now() - startedAt) / times;
}

// @ts-check
import { sharedCaches } from '../contenders/shared.mjs';
import { redisKitVersions } from '../contenders/redis-kit.mjs';
import { Child } from '../lib/child.mjs';
import { fromSamples } from '../lib/report.mjs';
import { peerVersion } from '../lib/versions.mjs';

const PROCESSES = 4;
const CALLERS = 250;
const FACTORY_MS = 100;
/** Time for all processes to reach the start. */
const HEAD_START_MS = 200;

const now = () => Number(process.hrtime.bigint()) / 1e6;

/** A thousand callers in four processes ask at once for a key nobody has, and whose factory takes 100 ms. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: {
    ...redisKitVersions,
    bentocache: peerVersion('bentocache'),
    'cache-manager': peerVersion('cache-manager'),
  },
  run: async ({ suite: name, server, settings }) => {
    const rounds = Math.max(3, settings.rounds * 4);
    /** @type {Map<string, number[]>} */
    const walls = new Map();
    /** @type {Map<string, number[]>} */
    const calls = new Map();
    for (const contender of sharedCaches) {
      const children = Array.from(
        { length: PROCESSES },
        () => new Child('cache.mjs', { contender, url: server.url }),
      );
      try {
        await Promise.all(children.map((child) => child.up()));
        for (let round = 0; round < rounds; round++) {
          const startAt = now() + HEAD_START_MS;
          const herd = { key: `herd:${round}`, callers: CALLERS, factoryMs: FACTORY_MS, startAt };
          const results = await Promise.all(children.map((child) => child.ask('herd', herd)));
          if (!results.every(({ isComplete }) => isComplete)) {
            throw new Error(`${contender} did not answer everybody`);
          }
          push(walls, contender, Math.max(...results.map(({ endedAt }) => endedAt)) - startAt);
          push(
            calls,
            contender,
            results.reduce((sum, result) => sum + result.calls, 0),
          );
        }
      } finally {
        await Promise.allSettled(children.map((child) => child.close()));
      }
    }
    const herd = `${PROCESSES} processes × ${CALLERS} callers, factory of ${FACTORY_MS} ms`;
    return [
      fromSamples({ suite: name, name: `${herd}: until all are answered`, unit: 'ms' }, walls),
      fromSamples({ suite: name, name: `${herd}: factory calls`, unit: 'calls' }, calls),
    ];
  },
};

/** @type {(into: Map<string, number[]>, key: string, value: number) => void} */
function push(into, key, value) {
  into.set(key, [...(into.get(key) ?? []), value]);
}

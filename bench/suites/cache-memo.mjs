// @ts-check
import { redisKitVersions } from '../contenders/redis-kit.mjs';
import { Child } from '../lib/child.mjs';
import { toCases } from '../lib/report.mjs';

const READERS = [
  // Not a plain map: what is asked is what `memo` costs on top of memory.
  { name: 'raw', memo: 'no', isScoped: 'no' },
  { name: 'memo, outside of a request', memo: 'yes', isScoped: 'no' },
  { name: 'memo, in a request', memo: 'yes', isScoped: 'yes' },
];

/** Requests that read ten values from memory five times each, one after the other. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: redisKitVersions,
  run: async ({ suite: name, server, settings }) => {
    const seconds = settings.seconds / settings.rounds;
    /** @type {import('../lib/measure.mjs').Measurement} */
    const measurement = new Map(READERS.map((reader) => [reader.name, []]));
    const children = READERS.map((reader) => ({
      name: reader.name,
      child: new Child('memo.mjs', { ...reader, url: server.url }),
    }));
    try {
      for (const { child } of children) {
        await child.up();
        await child.ask('fill');
      }
      for (let round = 0; round < settings.rounds; round++) {
        const first = round % children.length;
        for (const { name: reader, child } of [
          ...children.slice(first),
          ...children.slice(0, first),
        ]) {
          measurement.get(reader)?.push(await child.ask('slice', { seconds }));
        }
      }
      return toCases(
        { suite: name, name: 'hit in memory, with and without memo' },
        measurement,
        {},
      );
    } finally {
      await Promise.allSettled(children.map(({ child }) => child.close()));
    }
  },
};

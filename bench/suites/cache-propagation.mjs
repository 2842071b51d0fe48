// @ts-check
import { redisKitVersions } from '../contenders/redis-kit.mjs';
import { Child } from '../lib/child.mjs';
import { fromSamples } from '../lib/report.mjs';
import { peerVersion } from '../lib/versions.mjs';

const CONTENDERS = ['redis-kit', 'bentocache'];
const SAMPLES = 500;
const SAMPLES_OF_A_QUICK_RUN = 50;

/** From the moment `delete` has returned in one process until another one no longer serves the value from its memory. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: { ...redisKitVersions, bentocache: peerVersion('bentocache') },
  run: async ({ suite: name, server, settings }) => {
    const samples = settings.seconds < 1 ? SAMPLES_OF_A_QUICK_RUN : SAMPLES;
    /** @type {Map<string, number[]>} */
    const delays = new Map();
    for (const contender of CONTENDERS) {
      const [writer, reader] = [1, 2].map(
        () => new Child('cache.mjs', { contender, url: server.url }),
      );
      if (!writer || !reader) throw new Error('Two processes are needed');
      try {
        await Promise.all([writer.up(), reader.up()]);
        const measured = [];
        for (let sample = 0; sample < samples; sample++) {
          const entry = { key: `key:${sample}`, value: `value ${sample}` };
          await writer.ask('store', entry);
          await reader.ask('hold', entry);
          const [gone, returned] = await Promise.all([
            reader.ask('watch', entry),
            writer.ask('invalidate', entry),
          ]);
          if (gone === null) throw new Error(`${contender} went on serving a deleted value`);
          // Often the message arrives before the reply: then nobody could be served the old value any more.
          measured.push(Math.max(0, gone - returned));
        }
        delays.set(contender, measured);
      } finally {
        await Promise.allSettled([writer.close(), reader.close()]);
      }
    }
    return [50, 99].map((share) =>
      fromSamples(
        { suite: name, name: `delay until the other process knows, p${share}`, unit: 'ms' },
        new Map([...delays].map(([contender, all]) => [contender, [percentile(all, share)]])),
      ),
    );
  },
};

/** @type {(values: readonly number[], share: number) => number} */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))] ?? 0;
}

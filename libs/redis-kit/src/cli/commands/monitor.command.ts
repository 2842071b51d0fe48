import { setTimeout as pause } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { expositionText } from '../../monitoring/exposition.js';
import type { RedisMonitor } from '../../monitoring/redis-monitor.js';
import { durationOption, integerOption } from '../command-options.js';
import { EXIT, type CommandMaker } from '../exit-codes.js';
import { monitorView, takeReading, type Reading } from '../monitor-view.js';
import type { Terminal } from '../terminal.js';
import { withToolkit } from '../toolkit.js';

type Output = 'console' | 'json' | 'metrics';

interface MonitorOptions {
  readonly interval: number;
  readonly output: Output;
  readonly count?: number;
}

/** Readings that the console view draws its lines from. */
const MOST_READINGS = 120;

export const monitorCommand: CommandMaker = (terminal, end) =>
  new Command('monitor')
    .description('how the servers do, again and again')
    .addOption(durationOption('--interval <duration>', 'time from one look to the next', '5s'))
    .addOption(
      new Option(
        '--output <form>',
        'a view, one JSON object a line, or the text format of Prometheus',
      )
        .choices(['console', 'json', 'metrics'])
        .default('console'),
    )
    .addOption(
      integerOption('--count <n>', 'end after so many looks (default: never; 1 for metrics)', {
        min: 1,
        max: 1_000_000,
      }),
    )
    .action(async ({ interval, output, count }: MonitorOptions, command: Command) => {
      const stop = new AbortController();
      const abort = () => stop.abort();
      process.once('SIGINT', abort).once('SIGTERM', abort);
      try {
        await withToolkit(command, async ({ monitor }) => {
          // Several expositions in a row are none: each name may be described only once.
          const looks = count ?? (output === 'metrics' ? 1 : Infinity);
          let wasReached = false;
          const readings: Reading[] = [];
          for (let look = 1; !stop.signal.aborted; look++) {
            const startedAt = performance.now();
            const isReached = await print(terminal, monitor, output, readings);
            wasReached ||= isReached;
            if (look >= looks) break;
            const restMs = Math.max(0, interval - (performance.now() - startedAt));
            await pause(restMs, undefined, { signal: stop.signal }).catch(() => undefined);
          }
          if (!wasReached) end(EXIT.failed);
        });
      } finally {
        process.off('SIGINT', abort).off('SIGTERM', abort);
        terminal.restore();
      }
    });

/** One look; true when a server answered. */
async function print(
  terminal: Terminal,
  monitor: RedisMonitor,
  output: Output,
  readings: Reading[],
): Promise<boolean> {
  if (output === 'metrics') {
    const families = await monitor.serverMetrics();
    terminal.write(expositionText(families));
    const up = families.find(({ name }) => name === 'redis_up');
    return up?.samples.some(({ value }) => value === 1) ?? false;
  }
  const reading = await takeReading(monitor);
  if (output === 'json') {
    terminal.line(JSON.stringify(reading));
  } else {
    readings.push(reading);
    if (readings.length > MOST_READINGS) readings.shift();
    terminal.show(monitorView(terminal, readings));
  }
  return reading.info.nodes.length > 0;
}

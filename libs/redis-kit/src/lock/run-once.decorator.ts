import type { Duration } from '../core/duration.js';
import { injectProperty, replaceMethod } from '../core/method-decorator.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { within, type LockOptions } from './lock.options.js';
import type { Job, JobGuard } from './run-once.js';

export interface RunOnceOptions {
  /**
   * Processes that come to the job within this time of the first one meet at the same tick. More than their clocks
   * differ by; less than the shortest time between two ticks, minus that difference.
   * @default '30s'
   */
  readonly window?: Duration | undefined;
  /**
   * A tick whose process died while the job ran: it stays undone (`skip`, at most once), or another process that met the
   * tick runs the job from the start (`run`, at least once).
   * @default 'skip'
   */
  readonly missed?: 'skip' | 'run' | undefined;
  /**
   * A tick while the job of the one before still runs, in whichever process: it is left out (`skip`), runs afterwards if
   * that is within `lock.wait` (`wait`), or runs at the same time (`allow`).
   * @default 'skip'
   */
  readonly overlap?: 'skip' | 'wait' | 'allow' | undefined;
  /** Options of the lock that the job runs under, such as `lease` and `maxHold`. */
  readonly lock?: LockOptions | undefined;
}

/** Under which an instance finds the guard. */
export const JOB_GUARD = Symbol('redis-kit:job-guard');

type AsyncMethod = (...args: never[]) => Promise<unknown>;

/**
 * Has one process of the cluster run a scheduled method at each tick, although all of them are scheduled:
 * `@Cron('0 * * * *') @RunOnce('report')`. Works with any scheduler that calls the method in every process.
 *
 * The processes meet at a key that Redis lets expire, so their clocks decide only when they ask. When Redis does not
 * answer, the job does not run and the call fails. The method resolves to undefined where it did not run.
 */
export function RunOnce(job: string, options: RunOnceOptions = {}) {
  const resolved = resolveJob(job, options);
  return <T extends AsyncMethod>(
    prototype: object,
    property: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const method = descriptor.value!;
    injectProperty(prototype, JOB_GUARD);
    replaceMethod(descriptor, async function (this: object | undefined, ...args: unknown[]) {
      const guard = (this as Record<symbol, JobGuard | undefined> | undefined)?.[JOB_GUARD];
      if (!guard) {
        throw new ConfigurationError(
          `${String(property)}() is @RunOnce, but it was called without an instance that Nest made.`,
        );
      }
      return guard.run(resolved, () => method.apply(this, args as never[]));
    });
  };
}

function resolveJob(name: unknown, options: RunOnceOptions): Job {
  const { window = '30s', missed = 'skip', overlap = 'skip', lock = {} } = options;
  if (typeof name !== 'string' || name === '') {
    throw refusal('job', name, 'text that is not empty');
  }
  if (!['skip', 'run'].includes(missed)) throw refusal('missed', missed, "one of 'skip', 'run'");
  if (!['skip', 'wait', 'allow'].includes(overlap)) {
    throw refusal('overlap', overlap, "one of 'skip', 'wait', 'allow'");
  }
  return { name, windowMs: within('window', window, '50ms', '7d'), missed, overlap, lock };
}

const refusal = (option: string, value: unknown, expected: string): ConfigurationError =>
  new ConfigurationError([{ path: `@RunOnce ${option}`, given: String(value), expected }]);

import type { RedisKitEvents } from '../core/events.js';
import type { LockOptions } from './lock.options.js';
import type { LockService } from './lock.service.js';
import type { Ticks } from './ticks.js';

/** A stand-in waits at most this long for who runs the job, and a tick that is done is remembered as long. */
const STAND_IN = '1h';
const STAND_IN_MS = 3_600_000;

export interface Job {
  readonly name: string;
  readonly windowMs: number;
  readonly missed: 'skip' | 'run';
  readonly overlap: 'skip' | 'wait' | 'allow';
  readonly lock: LockOptions;
}

/** Decides, at each tick, which process runs a job. */
export class JobGuard {
  constructor(
    private readonly locks: LockService,
    private readonly ticks: Ticks,
    private readonly events: RedisKitEvents,
  ) {}

  /** Runs the job, unless another process does; undefined when it did not run here. */
  async run<T>(job: Job, work: () => Promise<T>): Promise<T | undefined> {
    const id = this.locks.process.nextId('tick');
    const tick = await this.ticks.meet(job.name, id, job.windowMs);
    if (job.missed === 'skip') {
      if (tick === id) return this.#runAlone(job, work);
      return this.#skip(job, 'elsewhere');
    }
    // Whoever is second stands by, and finds it done, or steps in for a process that died.
    const options = { ...job.lock, wait: STAND_IN } as const;
    return this.locks.withLock(`job:${job.name}:${tick}`, options, async () => {
      if (await this.ticks.isDone(job.name, tick)) return this.#skip(job, 'elsewhere');
      try {
        return await this.#runAlone(job, work);
      } finally {
        // A job that failed was run: to do it again is up to the job.
        await this.ticks.markDone(job.name, tick, STAND_IN_MS);
      }
    });
  }

  /** Minds the run of the tick before. */
  async #runAlone<T>(job: Job, work: () => Promise<T>): Promise<T | undefined> {
    if (job.overlap === 'allow') return work();
    const wait = job.overlap === 'skip' ? 0 : job.lock.wait;
    const lock = await this.locks.tryAcquire(`job:${job.name}`, { ...job.lock, wait });
    if (!lock) return this.#skip(job, 'overlap');
    try {
      const result = await work();
      lock.check();
      return result;
    } finally {
      await lock.release();
    }
  }

  #skip({ name }: Job, reason: 'elsewhere' | 'overlap'): undefined {
    this.events.emit('job.skipped', { job: name, reason });
  }
}

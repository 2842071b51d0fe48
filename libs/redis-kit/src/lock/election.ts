import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Duration } from '../core/duration.js';
import type { RedisKitEvents } from '../core/events.js';
import { LockAbortedError, LockTimeoutError, type LockLostError } from './lock.errors.js';
import type { Lock } from './lock.js';
import type { LockCallOptions } from './lock.options.js';

/** Nobody waits longer for a leadership; after it a candidate asks anew. */
const TERM = '1d';
/** Between a failure of the work of a leader, or of Redis, and the next candidacy. */
const PAUSE_MS = 1_000;

/** What a leader is told. */
export interface Leadership {
  /** Greater than that of every leader before. */
  readonly fence: number;
  /** Aborts when it is lost, or when the election is stopped. */
  readonly signal: AbortSignal;
}

/** Options of `LockService.elect`. */
export interface ElectionOptions {
  /**
   * The work of the leader. It may go on until `signal` aborts; it leads on when the work ends before, and resigns when
   * it fails. Nobody succeeds it before it has ended, unless the lease ran out.
   */
  readonly onElected?: ((leadership: Leadership) => unknown) | undefined;
  /** It leads no more, although it was not stopped. */
  readonly onLost?: ((reason: LockLostError) => unknown) | undefined;
  /** How long a leader that died is waited for. @default `locks.lease` */
  readonly lease?: Duration | undefined;
}

/**
 * This process as a candidate: it waits for its turn, leads, and when it loses becomes a candidate again, until it is
 * stopped. At most one candidate is *granted* the leadership at a time; a late leader is known by its fence.
 */
export class Election implements AsyncDisposable {
  readonly #logger = new Logger('RedisKit');
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #lock: Lock | undefined;

  constructor(
    readonly name: string,
    private readonly options: ElectionOptions,
    private readonly acquire: (options: LockCallOptions) => Promise<Lock>,
    private readonly events: RedisKitEvents,
    onEnd: () => void,
  ) {
    this.#running = this.#run().finally(onEnd);
  }

  /** True while it leads, right also at once after a stall of the event loop. */
  get isLeader(): boolean {
    return this.#lock !== undefined && this.#lock.remaining() > 0;
  }

  /** Of the current leadership; undefined while it does not lead. */
  get fence(): number | undefined {
    return this.#lock?.fence;
  }

  /** Of the current leadership, aborts when it is lost; undefined while it does not lead. */
  get signal(): AbortSignal | undefined {
    return this.#lock?.signal;
  }

  /** Leads no more, and is no candidate any more. Resolves when the work of the leader has ended and it has resigned. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const { lease } = this.options;
        await this.#lead(await this.acquire({ wait: TERM, signal, lease }));
      } catch (error) {
        if (error instanceof LockAbortedError) return;
        if (!(error instanceof LockTimeoutError)) {
          this.#logger.error(`The election '${this.name}' failed, and is repeated`, error);
        }
        await pause(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  async #lead(lock: Lock): Promise<void> {
    const { fence } = lock;
    const { onElected, onLost } = this.options;
    const signal = AbortSignal.any([lock.signal, this.#stopping.signal]);
    this.#lock = lock;
    this.events.emit('lock.elected', { name: this.name, fence });
    const ended = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // Elsewhere than in this call, so that one that throws at once is no different.
    const work = Promise.resolve().then(() => onElected?.({ fence, signal }));
    try {
      await Promise.race([ended, work.then(() => ended)]);
      if (lock.signal.aborted) await onLost?.(lock.signal.reason as LockLostError);
      // Whoever comes next must not meet what it still does.
      await work;
    } finally {
      this.#lock = undefined;
      await lock.release();
      this.events.emit('lock.resigned', { name: this.name, fence });
    }
  }
}

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { toMs, type Duration } from '../core/duration.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { LockAbortedError } from './lock.errors.js';
import { resolveTerms, within, type LockCallOptions } from './lock.options.js';
import type { LockProcess } from './lock-process.js';
import { isNotNow } from './not-now.js';
import { LatchTimeoutError } from './permit.errors.js';
import type { LatchStore, LatchTerms } from './stores/latch-store.js';

const MOST_COUNTS = 100_000;
const RETRY_MS = 50;

/** Options of `LockService.latch`. */
export interface LatchOptions {
  /** How many have to count down until it opens, from 1 to 100,000. */
  readonly count: number;
  /** How long it is kept after the last count. @default '1h' */
  readonly ttl?: Duration | undefined;
}

/** Options of one wait. */
export type LatchWaitOptions = Pick<LockCallOptions, 'wait' | 'signal'>;

/**
 * A gate that opens for good when so many have counted down, wherever they run. It opens once; another round is another
 * name.
 */
export class Latch {
  readonly #terms: LatchTerms;

  constructor(
    readonly name: string,
    { count, ttl = '1h' }: LatchOptions,
    private readonly store: LatchStore,
    private readonly process: LockProcess,
    private readonly closing: AbortSignal,
  ) {
    if (!Number.isInteger(count) || count < 1 || count > MOST_COUNTS) {
      const expected = `a whole number from 1 to ${MOST_COUNTS}`;
      throw new ConfigurationError([{ path: 'latch().count', given: String(count), expected }]);
    }
    this.#terms = { count, ttlMs: within('latch().ttl', ttl, '1s', '7d') };
  }

  /**
   * Counts down, and answers how many are missing. With an id, such as that of a part of the work, it counts once
   * however often that part is repeated; without one each call counts.
   *
   * @throws when Redis does not answer for a second; it may have counted, and may be called again with the same id.
   */
  async countDown(id: string = randomUUID()): Promise<number> {
    if (typeof id !== 'string' || id === '') {
      const expected = 'text that is not empty';
      throw new ConfigurationError([{ path: 'countDown(id)', given: String(id), expected }]);
    }
    return this.#patiently(() => this.store.countDown(this.name, this.#terms, id));
  }

  /** How many are missing; 0 when it is open. */
  missing(): Promise<number> {
    return this.#patiently(() => this.store.missing(this.name, this.#terms));
  }

  /**
   * Waits until it is open.
   *
   * @throws LatchTimeoutError after `wait` (by default that of locks), LockAbortedError by `signal` or the shutdown
   */
  async wait(options: LatchWaitOptions = {}): Promise<void> {
    const { waitMs, signal } = resolveTerms(options, this.process.options);
    const ended = AbortSignal.any([this.closing, ...(signal ? [signal] : [])]);
    const startedAt = performance.now();
    const waited = () => Math.round(performance.now() - startedAt);
    const bell = new Bell();
    const listening = this.store.listen(this.name, () => bell.ring());
    ended.addEventListener('abort', bell.ring, { once: true });
    let missing: number | undefined;
    let failure: unknown;
    try {
      for (;;) {
        if (ended.aborted) {
          throw new LockAbortedError(this.name, waited(), { cause: ended.reason as unknown });
        }
        try {
          missing = await this.store.missing(this.name, this.#terms);
          failure = undefined;
        } catch (error) {
          if (!isNotNow(error)) throw error;
          failure = error;
        }
        if (missing === 0) return;
        const leftMs = waitMs - (performance.now() - startedAt);
        if (leftMs <= 0) {
          throw new LatchTimeoutError(this.name, waited(), missing, { cause: failure });
        }
        const beatMs = failure === undefined ? this.process.options.heartbeatMs : RETRY_MS;
        await bell.heard(Math.min(beatMs, leftMs));
      }
    } finally {
      ended.removeEventListener('abort', bell.ring);
      listening.close();
    }
  }

  /** Repeats what may be repeated for as long as a failover takes to be noticed. */
  async #patiently(ask: () => Promise<number>): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!isNotNow(error) || performance.now() > deadline) throw error;
        await pause(RETRY_MS, undefined, { ref: false });
      }
    }
  }
}

const PATIENCE_MS = toMs('1s');

/** Rung while nobody listens it is heard the next time. */
class Bell {
  #isRung = false;
  #wake: () => void = () => undefined;

  readonly ring = (): void => {
    this.#isRung = true;
    this.#wake();
  };

  async heard(withinMs: number): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.ceil(withinMs));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#isRung = false;
  }
}

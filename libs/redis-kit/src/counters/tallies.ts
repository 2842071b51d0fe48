import { Logger } from '@nestjs/common';
import type { RedisKitEventMap, RedisKitEvents } from '../core/events.js';
import type { Addition, AdditionOutcome, CounterStore } from './stores/counter-store.js';
import './counters.events.js';

export interface TalliesOptions {
  readonly store: CounterStore;
  readonly events: RedisKitEvents;
  /** 0: at once, for a store in memory. */
  readonly flushEveryMs: number;
  readonly maxPending: number;
}

type Dropped = RedisKitEventMap['counters.dropped'];

/** A line of the log for every loss would fill it during an outage. */
const WARN_EVERY_MS = 60_000;
/** Counts of more counters than this are sent one part after the other. */
const COUNTERS_A_FLUSH = 2_000;

/**
 * Counts that wait to be sent: many additions to one counter become one.
 *
 * At most once: what Redis did not answer is not sent again, and is announced as lost. What Redis certainly did not run
 * goes on waiting, up to `maxPending` different counters.
 */
export class Tallies {
  readonly #logger = new Logger('RedisKit');
  #pending = new Map<string, Addition>();
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #warnedAt = -Infinity;

  constructor(private readonly options: TalliesOptions) {}

  add(addition: Addition): void {
    this.#put(addition);
    if (this.options.flushEveryMs === 0) void this.flush();
    else this.#schedule();
  }

  /** Sends what waits. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing ??= this.#send().finally(() => {
      this.#flushing = undefined;
      this.#schedule();
    });
    return this.#flushing;
  }

  /** Sends what waits for the last time; what Redis does not take is announced as lost. */
  async drain(): Promise<void> {
    await this.#flushing;
    await this.flush();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lost = [...this.#pending.values()];
    this.#pending = new Map();
    if (lost.length > 0) this.#drop('shutdown', lost);
  }

  #schedule(): void {
    if (this.#timer || this.#flushing || this.#pending.size === 0) return;
    this.#timer = setTimeout(() => void this.flush(), this.options.flushEveryMs);
    this.#timer.unref();
  }

  #put(addition: Addition): void {
    const { name, group, window } = addition;
    const key = JSON.stringify([group ?? null, window?.id ?? null, name]);
    const waiting = this.#pending.get(key);
    if (!waiting && this.#pending.size >= this.options.maxPending) {
      this.#drop('full', [addition]);
      return;
    }
    this.#pending.set(key, { ...addition, by: (waiting?.by ?? 0) + addition.by });
  }

  async #send(): Promise<void> {
    const startedAt = performance.now();
    const all = [...this.#pending.values()];
    this.#pending = new Map();
    let counters = 0;
    for (let at = 0; at < all.length; at += COUNTERS_A_FLUSH) {
      const part = all.slice(at, at + COUNTERS_A_FLUSH);
      const outcomes = await this.options.store.addAll(part);
      const those = (outcome: AdditionOutcome) => part.filter((_, i) => outcomes[i] === outcome);
      counters += those('done').length;
      for (const addition of those('not-run')) this.#put(addition);
      if (those('unknown').length > 0) this.#drop('unanswered', those('unknown'));
      if (those('refused').length > 0) this.#drop('refused', those('refused'));
    }
    if (counters > 0) {
      const durationMs = performance.now() - startedAt;
      const pending = this.#pending.size;
      this.options.events.emit('counters.flushed', { counters, pending, durationMs });
    }
  }

  #drop(reason: Dropped['reason'], lost: readonly Addition[]): void {
    const amount = lost.reduce((total, { by }) => total + Math.abs(by), 0);
    const message = MESSAGES[reason];
    this.options.events.emit('counters.dropped', {
      reason,
      counters: lost.length,
      amount,
      message,
    });
    if (performance.now() - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = performance.now();
    this.#logger.warn(`Counts were lost (${lost.length} counters, ${amount} in all): ${message}`);
  }
}

const MESSAGES: Record<Dropped['reason'], string> = {
  full: 'more different counters wait for Redis than counters.maxPending',
  unanswered: 'Redis did not answer, and they may have been counted',
  refused: 'Redis, or counters.maxNames, refused them',
  shutdown: 'the application ended before Redis took them',
};

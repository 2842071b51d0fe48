import { setTimeout as pause } from 'node:timers/promises';
import { deferred, type Deferred } from '../core/deferred.js';
import type { Holding } from './holding.js';
import type { HoldStore, Renewal } from './stores/hold-store.js';

/** A lease is renewed at this share of it, so that two attempts may fail before it ends. */
const RENEW_AT = 1 / 3;
/** Renewals due within this share of a period go together: one command for many. */
const TOGETHER = 1 / 4;
const MOST_TOGETHER = 100;
const RETRY_MS = 50;
/** The longest time a timer of Node counts. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Holdings that are renewed in the same period, in the order in which they are due. */
interface Rhythm {
  readonly periodMs: number;
  readonly due: Map<Holding, number>;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Renews what this process holds, in batches, until it is released.
 *
 * A renewal that fails is tried again every 50 ms until the lease can no longer be trusted; only then, or when the server
 * says so, it is lost. What is lost is not given back: its holder may still be writing.
 */
export class Watchdog {
  readonly #held = new Map<string, Holding>();
  readonly #rhythms = new Map<number, Rhythm>();
  /** Of those that end by themselves. */
  readonly #endings = new Map<Holding, NodeJS.Timeout>();
  #emptied: Deferred<void> | undefined;

  get held(): Iterable<Holding> {
    return this.#held.values();
  }

  get size(): number {
    return this.#held.size;
  }

  holds(id: string): boolean {
    return this.#held.has(id);
  }

  /** Takes care of a holding. One that was granted for a claim only is confirmed on the way. */
  add(holding: Holding, claimMs?: number): void {
    this.#held.set(holding.id, holding);
    const { renews, leaseMs } = holding.details;
    if (claimMs === undefined) this.#next(holding);
    else if (renews) this.#enqueue(holding, Math.min(claimMs, leaseMs) * RENEW_AT);
    else void this.#renew([holding]);
  }

  remove(holding: Holding): void {
    this.#held.delete(holding.id);
    if (this.#emptied && this.#held.size === 0) this.#emptied.resolve();
    for (const { due } of this.#rhythms.values()) {
      if (due.delete(holding)) return;
    }
    clearTimeout(this.#endings.get(holding));
    this.#endings.delete(holding);
  }

  /** Resolves when nothing is held, or was not for a moment. */
  async empty(): Promise<void> {
    if (this.#held.size === 0) return;
    this.#emptied ??= deferred();
    await this.#emptied.promise;
    this.#emptied = undefined;
  }

  /** What is still held is lost, and no timer is left. */
  close(): void {
    for (const holding of this.#held.values()) {
      holding.lose('shutdown');
      this.remove(holding);
    }
    for (const { timer } of this.#rhythms.values()) clearTimeout(timer);
    this.#rhythms.clear();
  }

  #next(holding: Holding): void {
    const { renews, leaseMs } = holding.details;
    // The end of the longest hold is covered already: nothing to renew.
    if (!renews || holding.validUntil === holding.heldUntil) this.#end(holding);
    else this.#enqueue(holding, leaseMs * RENEW_AT);
  }

  #end(holding: Holding): void {
    const leftMs = Math.max(0, Math.ceil(holding.validUntil - performance.now()));
    const timer = setTimeout(
      () => {
        this.#endings.delete(holding);
        holding.expire();
        // Extended meanwhile, or more than a timer counts.
        if (!holding.lost) this.#end(holding);
      },
      Math.min(leftMs, LONGEST_TIMER_MS),
    );
    timer.unref();
    this.#endings.set(holding, timer);
  }

  #enqueue(holding: Holding, periodMs: number): void {
    let rhythm = this.#rhythms.get(periodMs);
    if (!rhythm)
      this.#rhythms.set(periodMs, (rhythm = { periodMs, due: new Map(), timer: undefined }));
    rhythm.due.set(holding, performance.now() + periodMs);
    if (!rhythm.timer) this.#arm(rhythm, periodMs);
  }

  #arm(rhythm: Rhythm, inMs: number): void {
    rhythm.timer = setTimeout(() => this.#beat(rhythm), Math.max(1, Math.ceil(inMs)));
    rhythm.timer.unref();
  }

  /** The timer outlives what it was made for: making one for each short hold would cost more than to look in vain. */
  #beat(rhythm: Rhythm): void {
    rhythm.timer = undefined;
    const now = performance.now();
    const batches = new Map<HoldStore, Map<string | number, Holding[]>>();
    for (const [holding, dueAt] of rhythm.due) {
      if (dueAt > now + rhythm.periodMs * TOGETHER) {
        this.#arm(rhythm, dueAt - now);
        break;
      }
      rhythm.due.delete(holding);
      const { store } = holding.details;
      const groups = batches.get(store) ?? new Map<string | number, Holding[]>();
      batches.set(store, groups);
      const group = store.groupOf(holding.name);
      const batch = groups.get(group) ?? [];
      groups.set(group, batch);
      if (batch.push(holding) === MOST_TOGETHER) {
        void this.#renew(batch);
        groups.delete(group);
      }
    }
    for (const groups of batches.values()) {
      for (const batch of groups.values()) void this.#renew(batch);
    }
    if (rhythm.due.size === 0) this.#rhythms.delete(rhythm.periodMs);
  }

  /** Never rejects. */
  async #renew(batch: readonly Holding[]): Promise<void> {
    for (;;) {
      const holdings = batch.filter((holding) => this.#isTrusted(holding));
      if (holdings.length === 0) return;
      const sentAt = performance.now();
      const answers = await this.#ask(holdings);
      if (answers) {
        holdings.forEach((holding, i) => this.#settle(holding, answers[i] ?? 'gone', sentAt));
        return;
      }
      await pause(RETRY_MS, undefined, { ref: false });
    }
  }

  #isTrusted(holding: Holding): boolean {
    if (!this.holds(holding.id)) return false;
    holding.expire();
    return !holding.lost;
  }

  /** undefined when there was no answer before the first of the leases ended. */
  async #ask(holdings: readonly Holding[]): Promise<readonly Renewal[] | undefined> {
    const terms = holdings.map(({ name, id, details: { leaseMs } }) => ({ name, id, leaseMs }));
    const firstEnd = Math.min(...holdings.map(({ validUntil }) => validUntil));
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<undefined>((resolve) => {
      const leftMs = Math.max(0, firstEnd - performance.now());
      timer = setTimeout(() => resolve(undefined), Math.min(leftMs, LONGEST_TIMER_MS));
      timer.unref();
    });
    try {
      return await Promise.race([holdings[0]!.details.store.renew(terms), timeUp]);
    } catch (error) {
      for (const holding of holdings) holding.failed(error);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  #settle(holding: Holding, answer: Renewal, sentAt: number): void {
    if (!this.holds(holding.id)) return;
    if (answer === 'renewed') {
      holding.trust(sentAt, holding.details.leaseMs);
      if (!holding.lost) this.#next(holding);
    } else holding.lose(answer);
  }
}

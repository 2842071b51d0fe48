import { LRUCache } from 'lru-cache';
import type { Window } from '../../core/time-window.js';
import type { Limit } from '../limit.js';
import {
  BucketStore,
  type BucketAnswer,
  type BucketCorrection,
  type BucketRequest,
  type BucketResult,
} from './bucket-store.js';
import { MemoryBlocks } from './memory-blocks.js';
import { createBucket, type BucketView, type MemoryBucket } from './memory-buckets.js';

interface Tracker {
  readonly buckets: Map<string, MemoryBucket>;
  readonly blocks: MemoryBlocks;
}

/** Time of this process in microseconds since 1970, which never runs backwards. */
const processTimeUs = (): number => (performance.timeOrigin + performance.now()) * 1_000;

/**
 * Limits in the memory of this process: for tests, and for the time without Redis. Of more than `maxTrackers` the
 * least recently used ones are forgotten.
 */
export class MemoryBucketStore extends BucketStore {
  readonly #trackers: LRUCache<string, Tracker>;

  constructor(
    maxTrackers: number,
    private readonly nowUs: () => number = processTimeUs,
  ) {
    super();
    this.#trackers = new LRUCache({ max: maxTrackers });
  }

  async consume(request: BucketRequest): Promise<BucketAnswer> {
    return this.decide(request);
  }

  /** `consume` at once. */
  decide({ tracker, limits, cost, counts, holder }: BucketRequest): BucketAnswer {
    const now = Math.floor(this.nowUs());
    const { buckets, blocks } = this.#of(tracker);
    blocks.forget(now);
    const asked = limits.map((limit) => {
      const bucket = buckets.get(nameOf(limit)) ?? createBucket(limit);
      const view = bucket.look(now, cost);
      return {
        limit,
        bucket,
        view,
        fits: cost <= view.left,
        blockedUs: blocks.remaining(limit.name, now),
      };
    });
    const allowed = asked.every(({ fits, blockedUs }) => fits && blockedUs <= 0);
    const results = asked.map(({ limit, bucket, fits, blockedUs, view }): BucketResult => {
      const passes = fits && blockedUs <= 0;
      let { left, retryUs, resetUs }: BucketView = view;
      let mark = 0;
      let blockUs = blockedUs;
      if (counts && (allowed || (limit.countDenied && blockedUs <= 0 && limit.limit > 0))) {
        mark = bucket.add(now, cost, 1, holder);
        buckets.set(nameOf(limit), bucket);
        const after = bucket.look(now, cost);
        ({ left, resetUs } = after);
        if (!allowed) ({ retryUs } = after);
      }
      if (counts && !fits && blockedUs <= 0 && limit.block) {
        blockUs = blocks.raise(limit.name, now, limit.block);
      }
      const retryMs = limit.limit === 0 ? Infinity : toMs(Math.max(fits ? 0 : retryUs, blockUs));
      return {
        allowed: passes,
        remaining: blockUs > 0 ? 0 : left,
        retryAfterMs: passes ? 0 : retryMs,
        resetMs: toMs(resetUs),
        blocked: blockUs > 0,
        mark,
        ...(limit.calendar && { windowMs: calendarWindowMs(limit.calendar, now) }),
      };
    });
    return { allowed, results };
  }

  async correct({ tracker, limits, marks, change, holder }: BucketCorrection): Promise<void> {
    const now = Math.floor(this.nowUs());
    const { buckets } = this.#of(tracker);
    limits.forEach((limit, at) => {
      const bucket = buckets.get(nameOf(limit)) ?? createBucket(limit);
      const mark = marks?.[at];
      if (change > 0) bucket.add(now, change, 2, holder);
      else bucket.give(now, -change, mark, holder);
      buckets.set(nameOf(limit), bucket);
    });
  }

  async renew({ tracker, limits, holder }: BucketRequest): Promise<void> {
    const now = Math.floor(this.nowUs());
    const { buckets } = this.#of(tracker);
    for (const limit of limits) buckets.get(nameOf(limit))?.renew?.(now, holder);
  }

  async block(tracker: string, forMs: number): Promise<void> {
    const now = Math.floor(this.nowUs());
    this.#of(tracker).blocks.blockAll(now, forMs * 1_000);
  }

  async unblock(tracker: string): Promise<void> {
    await this.reset(tracker, []);
  }

  async reset(tracker: string, limits: readonly Limit[]): Promise<void> {
    const known = this.#trackers.get(tracker);
    if (!known) return;
    for (const limit of limits) known.buckets.delete(nameOf(limit));
    this.#trackers.set(tracker, { buckets: known.buckets, blocks: new MemoryBlocks() });
  }

  #of(name: string): Tracker {
    let tracker = this.#trackers.get(name);
    if (!tracker) {
      tracker = { buckets: new Map(), blocks: new MemoryBlocks() };
      this.#trackers.set(name, tracker);
    }
    return tracker;
  }
}

const nameOf = ({ kind, name }: Limit): string => `${kind}:${name}`;

const toMs = (microseconds: number): number => Math.max(0, Math.ceil(microseconds / 1_000));

function calendarWindowMs(calendar: Window, nowUs: number): number {
  const { fromMs, untilMs } = calendar.at(nowUs / 1_000);
  return untilMs - fromMs;
}

import type { Limit, LimitKind } from '../limit.js';

/** What a bucket says when it is looked at; times in microseconds. */
export interface BucketView {
  readonly left: number;
  /** Until `cost` fits, as far as waiting helps. */
  readonly retryUs: number;
  readonly resetUs: number;
}

/** One limit of one tracker, counting in memory by the same rules as the scripts. Times are microseconds. */
export interface MemoryBucket {
  /** The time when it means nothing any more. */
  readonly endsAt: number;
  look(now: number, cost: number): BucketView;
  /** Counts, whatever is left, and answers the mark of the window. `most` bounds the debt of a token bucket. */
  add(now: number, amount: number, most: number, holder: string): number;
  give(now: number, amount: number, mark: number | undefined, holder: string): void;
  /** What is in progress goes on. */
  renew?(now: number, holder: string): void;
}

class TokenBucket implements MemoryBucket {
  endsAt = 0;

  constructor(private readonly limit: Limit) {}

  look(now: number, cost: number): BucketView {
    const { a, b } = this.limit;
    const free = now + b - this.#fullAt(now);
    return {
      left: Math.max(0, Math.floor(free / a)),
      retryUs: Math.max(0, cost * a - free),
      resetUs: this.#fullAt(now) - now,
    };
  }

  add(now: number, amount: number, most: number): number {
    const { a, b } = this.limit;
    const fullAt = this.#fullAt(now);
    this.endsAt = Math.max(fullAt, Math.min(fullAt + amount * a, now + most * b));
    return this.endsAt;
  }

  give(now: number, amount: number, mark: number | undefined): void {
    const fullAt = this.#fullAt(now);
    const unspent = Math.max(0, (mark ?? fullAt) - now);
    const givenBack = fullAt - Math.min(amount * this.limit.a, unspent);
    this.endsAt = givenBack > now ? givenBack : 0;
  }

  #fullAt(now: number): number {
    return Math.min(Math.max(this.endsAt, now), now + 2 * this.limit.b);
  }
}

class SlidingLog implements MemoryBucket {
  #times: number[] = [];

  constructor(private readonly limit: Limit) {}

  get endsAt(): number {
    const last = this.#times.at(-1);
    return last === undefined ? 0 : last + this.limit.a;
  }

  look(at: number, cost: number): BucketView {
    const now = this.#forward(at);
    const { limit, a } = this.limit;
    const live = this.#live(now);
    const freed = live[live.length + cost - limit - 1];
    return {
      left: Math.max(0, limit - live.length),
      retryUs: freed === undefined ? 0 : freed + a - now,
      resetUs: Math.max(0, this.endsAt - now),
    };
  }

  add(at: number, amount: number): number {
    const now = this.#forward(at);
    const { limit } = this.limit;
    const units = Array<number>(Math.min(amount, limit)).fill(now);
    this.#times = [...this.#live(now), ...units].slice(-limit);
    return now;
  }

  give(at: number, amount: number, mark: number | undefined): void {
    const now = this.#forward(at);
    for (let given = 0; given < amount; given++) {
      const unit = this.#times.lastIndexOf(mark ?? this.#times.at(-1) ?? NaN);
      if (unit >= 0) this.#times.splice(unit, 1);
    }
    if (this.endsAt <= now) this.#times = [];
  }

  #forward(at: number): number {
    return Math.max(at, this.#times.at(-1) ?? 0);
  }

  #live(now: number): number[] {
    return this.#times.filter((time) => time + this.limit.a > now);
  }
}

interface IntervalCount {
  readonly interval: number;
  count: number;
}

class SlidingCounters implements MemoryBucket {
  /** Oldest first. */
  #counts: IntervalCount[] = [];

  constructor(private readonly limit: Limit) {}

  get endsAt(): number {
    const newest = this.#counts.at(-1);
    return newest ? this.#goneAt(newest.interval) : 0;
  }

  look(at: number, cost: number): BucketView {
    const now = this.#forward(at);
    const { limit } = this.limit;
    const live = this.#live(now);
    let sum = live.reduce((total, { count }) => total + count, 0);
    const left = Math.max(0, limit - sum);
    let retryUs = 0;
    for (const { interval, count } of live) {
      if (sum + cost <= limit) break;
      sum -= count;
      retryUs = this.#goneAt(interval) - now;
    }
    return { left, retryUs, resetUs: Math.max(0, this.endsAt - now) };
  }

  add(at: number, amount: number): number {
    const now = this.#forward(at);
    const interval = Math.floor(now / this.limit.a);
    this.#counts = this.#live(now);
    const newest = this.#counts.at(-1);
    if (newest?.interval === interval) newest.count += amount;
    else this.#counts.push({ interval, count: amount });
    return interval;
  }

  give(at: number, amount: number, mark: number | undefined): void {
    const now = this.#forward(at);
    let owed = amount;
    for (const entry of this.#live(now).toReversed()) {
      if (mark !== undefined && mark !== entry.interval) continue;
      const given = Math.min(owed, entry.count);
      entry.count -= given;
      owed -= given;
    }
    this.#counts = this.#counts.filter(({ count }) => count > 0);
    if (this.endsAt <= now) this.#counts = [];
  }

  #goneAt(interval: number): number {
    return (interval + this.limit.b + 1) * this.limit.a;
  }

  #forward(at: number): number {
    return Math.max(at, (this.#counts.at(-1)?.interval ?? 0) * this.limit.a);
  }

  #live(now: number): IntervalCount[] {
    return this.#counts.filter(({ interval }) => this.#goneAt(interval) > now);
  }
}

class FixedWindow implements MemoryBucket {
  #count = 0;
  #windowEnd = 0;

  constructor(private readonly limit: Limit) {}

  get endsAt(): number {
    return this.#count > 0 ? this.#windowEnd : 0;
  }

  look(now: number): BucketView {
    const { count, end } = this.#at(now);
    return {
      left: Math.max(0, this.limit.limit - count),
      retryUs: end - now,
      resetUs: count > 0 ? end - now : 0,
    };
  }

  add(now: number, amount: number): number {
    const { count, end } = this.#at(now);
    this.#count = count + amount;
    this.#windowEnd = end;
    return end;
  }

  give(now: number, amount: number, mark: number | undefined): void {
    const { count, end } = this.#at(now);
    if (mark !== undefined && mark !== end) return;
    this.#count = Math.max(0, count - amount);
    this.#windowEnd = end;
  }

  #at(now: number): { count: number; end: number } {
    const end = this.#nextEnd(now);
    return this.endsAt > now
      ? { count: this.#count, end: Math.min(this.#windowEnd, end) }
      : { count: 0, end };
  }

  #nextEnd(now: number): number {
    const { calendar, a } = this.limit;
    if (!calendar) return now + a;
    return calendar.at(now / 1_000).untilMs * 1_000;
  }
}

class Slots implements MemoryBucket {
  /** The one that ends first is first. */
  #leases: { readonly holder: string; readonly endsAt: number }[] = [];

  constructor(private readonly limit: Limit) {}

  get endsAt(): number {
    return this.#leases.at(-1)?.endsAt ?? 0;
  }

  look(now: number, cost: number): BucketView {
    const live = this.#live(now);
    const freed = live[live.length + cost - this.limit.limit - 1];
    return {
      left: Math.max(0, this.limit.limit - live.length),
      retryUs: freed ? freed.endsAt - now : 0,
      resetUs: Math.max(0, this.endsAt - now),
    };
  }

  add(now: number, amount: number, _most: number, holder: string): number {
    const units = Array.from({ length: amount }, () => ({ holder, endsAt: now + this.limit.a }));
    this.#leases = [...this.#live(now), ...units].sort((one, other) => one.endsAt - other.endsAt);
    return 0;
  }

  give(_now: number, amount: number, _mark: number | undefined, holder: string): void {
    for (let unit = 0; unit < amount; unit++) {
      const at = this.#leases.findIndex((lease) => lease.holder === holder);
      if (at < 0) return;
      this.#leases.splice(at, 1);
    }
  }

  renew(now: number, holder: string): void {
    this.#leases = this.#live(now)
      .map((lease) => (lease.holder === holder ? { holder, endsAt: now + this.limit.a } : lease))
      .sort((one, other) => one.endsAt - other.endsAt);
  }

  #live(now: number) {
    return this.#leases.filter(({ endsAt }) => endsAt > now);
  }
}

const BUCKETS: Record<LimitKind, new (limit: Limit) => MemoryBucket> = {
  T: TokenBucket,
  S: SlidingLog,
  B: SlidingCounters,
  F: FixedWindow,
  Q: FixedWindow,
  C: Slots,
};

/** An empty bucket for a limit. */
export const createBucket = (limit: Limit): MemoryBucket => new BUCKETS[limit.kind](limit);

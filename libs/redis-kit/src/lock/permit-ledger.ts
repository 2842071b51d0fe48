import type { PermitAnswer, PermitStandings, PermitState } from './permit.scripts.js';

/** What every operation on permits is told. */
export interface PermitTerms {
  /** How many there are, unless a resize said otherwise. */
  readonly limit: number;
  /** How long who was handed permits may take to confirm. */
  readonly claimMs: number;
}

export interface PermitRequest extends PermitTerms {
  /** process~number~weight */
  readonly id: string;
  readonly leaseMs: number;
  readonly waits: boolean;
  /** The place in the queue it had before. */
  readonly ticket: number | undefined;
  /** How long its process counts as alive; negative when it cannot be woken, and asks by itself. */
  readonly aliveMs: number;
}

/** Tells a process that an id of it was granted. False: nobody heard, so that process is dead. */
export type TellProcess = (process: string, id: string, fence: number) => boolean;

const REFUSE_MS = 60_000;

export const processOf = (id: string): string => id.slice(0, id.indexOf('~'));
export const weightOf = (id: string): number => Number(/\d+$/.exec(id)?.[0]);

interface Holder {
  expiryMs: number;
  fence: number;
}

/**
 * The permits of one semaphore, in memory: what the scripts do, step by step. Unit tests of applications run on it, and the
 * scripts are checked against it.
 */
export class PermitLedger {
  readonly #holders = new Map<string, Holder>();
  readonly #queue = new Map<string, number>();
  readonly #aliveUntil = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  #limit: number | undefined;
  #fence = 0;

  /** @param micros microseconds of a clock that never goes back. */
  constructor(
    private readonly micros: () => number,
    private readonly tell: TellProcess,
  ) {}

  acquire(request: PermitRequest): PermitAnswer {
    const { id, leaseMs, waits, ticket, aliveMs } = request;
    const now = this.#begin();
    const isRefused = this.#refused.has(id);
    const isHeavy = weightOf(id) > this.#limitOf(request);
    if (!isRefused && !isHeavy && !this.#holders.has(id) && !this.#queue.has(id)) {
      this.#queue.set(id, ticket ?? this.#nextTicket());
    }
    this.#advance(request, id);
    const holder = this.#holders.get(id);
    const place = this.#queue.get(id) ?? 0;
    if (holder) holder.expiryMs = Math.max(holder.expiryMs, now + leaseMs);
    else if (!isRefused && !isHeavy && waits) this.#keepWaiting(processOf(id), aliveMs);
    else if (!isRefused && !isHeavy) this.#queue.delete(id);
    this.#forgetIdle();
    const answer = (outcome: PermitAnswer['outcome'], number: number): PermitAnswer => ({
      ...this.#state(request),
      outcome,
      number,
    });
    if (holder) return answer('granted', holder.fence);
    if (isRefused) return answer('refused', 0);
    if (isHeavy) return answer('heavy', 0);
    return waits ? answer('queued', place) : answer('taken', 0);
  }

  /** @returns whether it held until now. */
  release(terms: PermitTerms, id: string, tombstone: boolean): boolean {
    const now = this.#begin();
    const held = this.#holders.delete(id);
    this.#queue.delete(id);
    if (tombstone) this.#refused.set(id, now + REFUSE_MS);
    this.#advance(terms);
    this.#forgetIdle();
    return held;
  }

  /** @param process undefined for who only looks. */
  touch(
    terms: PermitTerms,
    process: string | undefined,
    aliveMs: number,
    ids: readonly string[],
  ): PermitStandings {
    this.#begin();
    if (process !== undefined && this.#queue.size > 0) this.#keepWaiting(process, aliveMs);
    this.#advance(terms);
    this.#forgetIdle();
    const standings = ids.map(
      (id) => this.#holders.get(id)?.fence ?? (this.#queue.has(id) ? 0 : -1),
    );
    const leases = ids.flatMap((id) => this.#holders.get(id)?.expiryMs ?? []);
    const leaseLeftMs = leases.length > 0 ? Math.min(...leases) - this.#now() : 0;
    return { ...this.#state(terms), leaseLeftMs, standings };
  }

  /** @returns for each id 1 when its lease is longer now, -2 when it had run out, 0 when it is not known. */
  renew(terms: PermitTerms, leases: readonly (readonly [id: string, leaseMs: number])[]): number[] {
    const now = this.#begin();
    const renewed = leases.map(([id, leaseMs]) => {
      const holder = this.#holders.get(id);
      if (!holder) return this.#refused.has(id) ? -2 : 0;
      holder.expiryMs = Math.max(holder.expiryMs, now + leaseMs);
      return 1;
    });
    this.#advance(terms);
    this.#forgetIdle();
    return renewed;
  }

  /** @param permits undefined for what the options say. */
  resize(terms: PermitTerms, permits: number | undefined): PermitState {
    this.#begin();
    this.#limit = permits;
    this.#advance(terms);
    this.#forgetIdle();
    return this.#state(terms);
  }

  /** @returns whether the lighter id holds. */
  exchange(terms: PermitTerms, id: string, lighterId: string): boolean {
    this.#begin();
    const holder = this.#holders.get(id);
    if (holder) {
      this.#holders.delete(id);
      this.#holders.set(lighterId, holder);
    }
    this.#advance(terms);
    this.#forgetIdle();
    return this.#holders.has(lighterId);
  }

  /** Ends the leases whose time has come; their ids are refused from now on. */
  #begin(): number {
    const now = this.#now();
    for (const [id, until] of this.#refused) if (until <= now) this.#refused.delete(id);
    for (const [id, { expiryMs }] of this.#holders) {
      if (expiryMs > now) continue;
      this.#holders.delete(id);
      this.#refused.set(id, now + REFUSE_MS);
    }
    return now;
  }

  #advance(terms: PermitTerms, me?: string): void {
    const limit = this.#limitOf(terms);
    const unable = new Set<string>();
    for (;;) {
      const { id, dead, asks } = this.#choose(me, unable);
      if (id === undefined) return;
      const isHeavy = weightOf(id) > limit;
      if (!isHeavy && this.#used() + weightOf(id) > limit) return;
      const fence = isHeavy ? 0 : (this.#fence = Math.max(this.#fence + 1, this.micros()));
      const heard = isHeavy || id === me || this.tell(processOf(id), id, fence);
      if (!heard && !asks) {
        unable.add(processOf(id));
        continue;
      }
      for (const before of [...dead, id]) this.#queue.delete(before);
      if (!isHeavy) this.#holders.set(id, { expiryMs: this.#now() + terms.claimMs, fence });
    }
  }

  /** The first waiter whose process can take it, and the dead before it; the first of all when nobody can. */
  #choose(
    me: string | undefined,
    unable: ReadonlySet<string>,
  ): { id: string | undefined; dead: string[]; asks: boolean } {
    const waiting = [...this.#queue]
      .sort(([a, first], [b, second]) => first - second || (a < b ? -1 : 1))
      .map(([id]) => id);
    for (const [at, id] of waiting.entries()) {
      const until = this.#aliveUntil.get(processOf(id)) ?? Infinity;
      const isAlive = Math.abs(until) > this.#now() && !unable.has(processOf(id));
      if (id === me || isAlive)
        return { id, dead: waiting.slice(0, at), asks: id === me || until < 0 };
    }
    return { id: waiting[0], dead: [], asks: true };
  }

  #keepWaiting(process: string, aliveMs: number): void {
    const now = this.#now();
    this.#aliveUntil.set(process, aliveMs < 0 ? aliveMs - now : aliveMs + now);
  }

  #forgetIdle(): void {
    if (this.#queue.size === 0) this.#aliveUntil.clear();
  }

  #nextTicket(): number {
    return Math.max(this.micros(), Math.max(0, ...this.#queue.values()) + 1);
  }

  #limitOf({ limit }: PermitTerms): number {
    return this.#limit ?? limit;
  }

  #used(): number {
    return [...this.#holders.keys()].reduce((sum, id) => sum + weightOf(id), 0);
  }

  #now(): number {
    return Math.floor(this.micros() / 1_000);
  }

  #state(terms: PermitTerms): PermitState {
    const [first] = [...this.#holders.values()].sort((a, b) => a.expiryMs - b.expiryMs);
    return {
      limit: this.#limitOf(terms),
      used: this.#used(),
      waiting: this.#queue.size,
      firstEndMs: first && first.expiryMs - this.#now(),
      holderAgeMs: first ? Math.max(0, Math.floor((this.micros() - first.fence) / 1_000)) : 0,
    };
  }
}

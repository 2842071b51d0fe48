/** Tells a process that an id of it was granted. False: nobody heard, so that process is dead. */
export type Tell = (process: string, id: string) => boolean;

export type ModelAnswer =
  | { readonly outcome: 'granted'; readonly fence: number }
  | { readonly outcome: 'queued'; readonly ticket: number; readonly freeInMs: number }
  | { readonly outcome: 'held'; readonly freeInMs: number }
  | { readonly outcome: 'cancelled' }
  | { readonly outcome: 'lapsed' };

export interface ModelRequest {
  readonly id: string;
  readonly leaseMs: number;
  readonly aliveMs: number;
  readonly waits: boolean;
  readonly ticket?: number | undefined;
}

const processOf = (id: string): string => id.slice(0, id.indexOf('~'));
const delayOf = (id: string): number => Number(id.slice(id.lastIndexOf('~') + 1));

/** One lock in memory: what its scripts do, in plain words, to check them against. */
export class LockModel {
  #owner: string | undefined;
  #fence = 0;
  #expiryMs = 0;
  #delayMs = 0;
  /** Whether the short ways are closed: somebody waits, or a cancelled request may still come. */
  #isFlagged = false;
  readonly #queue = new Map<string, number>();
  /** Until when a process is alive; whether it asks by itself, because it cannot be woken. */
  readonly #processes = new Map<string, { readonly untilMs: number; readonly asks: boolean }>();
  readonly #cancelled = new Set<string>();

  constructor(
    private readonly micros: () => number,
    private readonly claimMs: number,
    private readonly tell: Tell,
  ) {}

  /** Ids are refused for a minute only. */
  forgetCancelled(): void {
    this.#cancelled.clear();
  }

  take(id: string, leaseMs: number): number | undefined {
    if (this.#owner !== undefined || this.#isFlagged) return undefined;
    this.#grant(id, leaseMs);
    return this.#fence;
  }

  handBack(id: string, fence: number): boolean {
    if (this.#owner !== id || this.#fence !== fence || this.#isFlagged) return false;
    this.#free();
    return true;
  }

  acquire({ id, leaseMs, aliveMs, waits, ticket }: ModelRequest): ModelAnswer {
    const hasLapsed = this.#owner === id && this.#now >= this.#expiryMs;
    if (hasLapsed || this.#cancelled.has(id)) {
      this.#advance();
      this.#save();
      return { outcome: hasLapsed ? 'lapsed' : 'cancelled' };
    }
    if (this.#owner === id) {
      this.#expiryMs = Math.max(this.#expiryMs, this.#now + leaseMs);
      this.#save();
      return { outcome: 'granted', fence: this.#fence };
    }
    if (!this.#queue.has(id)) this.#queue.set(id, ticket ?? this.#newTicket());
    this.#advance(id);
    if ((this.#owner as string | undefined) === id) {
      this.#expiryMs = this.#now + leaseMs;
      this.#save();
      return { outcome: 'granted', fence: this.#fence };
    }
    const place = this.#queue.get(id)!;
    if (waits) this.#keepWaiting(processOf(id), aliveMs);
    else this.#queue.delete(id);
    this.#save();
    const freeInMs = this.freeInMs;
    return waits ? { outcome: 'queued', ticket: place, freeInMs } : { outcome: 'held', freeInMs };
  }

  release(id: string, tombstone: boolean): boolean {
    const wasHeld = this.#owner === id && this.#now < this.#expiryMs;
    if (tombstone) this.#cancelled.add(id);
    if (this.#owner === id) this.#free();
    else this.#queue.delete(id);
    this.#advance();
    this.#save();
    return wasHeld;
  }

  /** For each id its fence when it holds, 0 while it waits, -1 when it is not known. */
  touch(process: string, aliveMs: number, ids: readonly string[]): number[] {
    if (this.#queue.size > 0) this.#keepWaiting(process, aliveMs);
    this.#advance();
    this.#save();
    return ids.map((id) => {
      if (this.#owner === id && this.#now < this.#expiryMs) return this.#fence;
      return this.#queue.has(id) ? 0 : -1;
    });
  }

  renew(id: string, leaseMs: number): string {
    if (this.#owner !== id) return this.#owner === undefined ? 'gone' : 'stolen';
    if (this.#expiryMs <= this.#now) return 'expired';
    this.#expiryMs = Math.max(this.#expiryMs, this.#now + leaseMs);
    return 'renewed';
  }

  get freeInMs(): number {
    return this.#owner === undefined ? 0 : Math.max(0, this.#expiryMs + this.#delayMs - this.#now);
  }

  get #now(): number {
    return Math.floor(this.micros() / 1_000);
  }

  #advance(me?: string): void {
    if (this.freeInMs > 0) return;
    this.#free();
    const { chosen, dead } = this.#choose(me);
    for (const id of dead) this.#queue.delete(id);
    if (chosen === undefined) return;
    this.#queue.delete(chosen);
    this.#grant(chosen, this.claimMs);
  }

  /** The first one that can take it; if nobody can, the first of all. */
  #choose(me?: string): { chosen: string | undefined; dead: string[] } {
    const waiting = [...this.#queue].sort(([, one], [, two]) => one - two).map(([id]) => id);
    const unable = new Set<string>();
    for (const [at, id] of waiting.entries()) {
      const process = processOf(id);
      const before = { chosen: id, dead: waiting.slice(0, at) };
      if (id === me) return before;
      if (unable.has(process)) continue;
      const { untilMs, asks } = this.#processes.get(process) ?? { untilMs: Infinity, asks: false };
      if (untilMs > this.#now && (this.tell(process, id) || asks)) return before;
      unable.add(process);
    }
    const [first] = waiting;
    if (first !== undefined) this.tell(processOf(first), first);
    return { chosen: first, dead: [] };
  }

  #grant(id: string, leaseMs: number): void {
    this.#owner = id;
    this.#fence = Math.max(this.#fence + 1, this.micros());
    this.#expiryMs = this.#now + leaseMs;
    this.#delayMs = delayOf(id);
  }

  #free(): void {
    this.#owner = undefined;
    this.#expiryMs = 0;
    this.#delayMs = 0;
  }

  #save(): void {
    if (this.#queue.size === 0) this.#processes.clear();
    this.#isFlagged = this.#queue.size > 0 || this.#cancelled.size > 0;
  }

  #keepWaiting(process: string, aliveMs: number): void {
    const untilMs = this.#now + Math.abs(aliveMs);
    this.#processes.set(process, { untilMs, asks: aliveMs < 0 });
  }

  #newTicket(): number {
    return Math.max(this.micros(), Math.max(0, ...this.#queue.values()) + 1);
  }
}

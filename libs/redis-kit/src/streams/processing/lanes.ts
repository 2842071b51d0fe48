import type { Acks, GroupEntry } from '../stores/group-storage.js';
import type { Slots } from './slots.js';
import type { SoloGate } from './solo-gate.js';

/**
 * What an event may have done: `none`, nothing. `weak`: it was handed out when a process ended, as others were. `strong`:
 * it was being handled when one ended, or it was a dead letter.
 */
export type Suspicion = 'none' | 'weak' | 'strong';

/** What became of one try: done with it, to be tried again after a pause, or given up because the partition was lost. */
export type TryOutcome =
  'done' | 'lost' | { readonly retryInMs: number; readonly attempts: number };

export interface LanesDuties {
  /** Tries to handle an event; never rejects. */
  handle(entry: GroupEntry, suspicion: Suspicion): Promise<TryOutcome>;
  /** True while the partition is known to be owned. */
  mayStart(): boolean;
  /** Something was finished. */
  progressed(): void;
}

interface Held {
  entry: GroupEntry;
  readonly lane: Lane;
  suspicion: Suspicion;
}

interface Lane {
  readonly key: string;
  readonly waiting: Held[];
  /** Its first event is being handled, or waits for its next try. */
  isBusy: boolean;
}

/**
 * The events an owner has in hand: one after the other within a stream, side by side across streams.
 *
 * What is strongly suspected runs alone in its process, so that when it ends it, nothing else is suspected of it.
 */
export class Lanes {
  readonly #held = new Map<string, Held>();
  readonly #lanes = new Map<string, Lane>();
  readonly #suspects = new Set<Held>();
  readonly #retries = new Map<Held, NodeJS.Timeout>();
  #ready: Lane[] = [];
  #running = 0;
  #isDraining = false;
  #acks: { log: string[]; retry: string[] } = { log: [], retry: [] };
  /** Acknowledged to a group that may not know of it. */
  readonly #unconfirmed = new Set<string>();
  #whenIdle: (() => void) | undefined;

  constructor(
    private readonly capacity: number,
    private readonly slots: Slots,
    private readonly gate: SoloGate,
    private readonly duties: LanesDuties,
  ) {}

  /** How many more events fit in. */
  get room(): number {
    return Math.max(0, this.capacity - this.#held.size);
  }

  get pendingAcks(): number {
    return this.#acks.log.length + this.#acks.retry.length;
  }

  get isIdle(): boolean {
    return this.#held.size === 0;
  }

  /** Takes events in, except those that are in hand, or handled already. */
  offer(entries: readonly GroupEntry[], suspicion: 'none' | 'weak'): void {
    for (const entry of entries) {
      const key = keyOf(entry);
      if (this.#held.has(key)) continue;
      if (this.#unconfirmed.has(key)) {
        this.#acks[entry.origin].push(entry.id);
        continue;
      }
      const isKnown = entry.attempts !== undefined && suspicion === 'weak';
      const isStrong = isKnown || entry.origin === 'retry';
      const lane = this.#laneOf(entry);
      const held: Held = { entry, lane, suspicion: isStrong ? 'strong' : suspicion };
      this.#held.set(key, held);
      if (isStrong) this.#suspects.add(held);
      lane.waiting.push(held);
      if (lane.waiting.length === 1 && !lane.isBusy && !isStrong) this.#ready.push(lane);
    }
    this.#pump();
  }

  takeAcks(): Acks {
    const acks = this.#acks;
    this.#acks = { log: [], retry: [] };
    return acks;
  }

  /** Nobody knows whether they arrived: they are sent again, and what comes back of them is not handled again. */
  returnAcks({ log, retry }: Acks): void {
    this.#acks.log.push(...log);
    this.#acks.retry.push(...retry);
    for (const id of log) this.#unconfirmed.add(`log:${id}`);
    for (const id of retry) this.#unconfirmed.add(`retry:${id}`);
  }

  /** All acknowledgements up to now have arrived. */
  confirmAcks(): void {
    this.#unconfirmed.clear();
  }

  /** The partition is somebody else's: forgets all that is not being handled. */
  forget(): void {
    for (const timer of this.#retries.values()) clearTimeout(timer);
    for (const held of this.#retries.keys()) {
      this.#held.delete(keyOf(held.entry));
      held.lane.isBusy = false;
    }
    this.#retries.clear();
    for (const lane of this.#lanes.values()) {
      for (const held of lane.waiting) this.#held.delete(keyOf(held.entry));
      lane.waiting.length = 0;
      if (!lane.isBusy) this.#lanes.delete(lane.key);
    }
    this.#suspects.clear();
    this.gate.withdraw(this.#tryAgain);
    this.#ready = [];
    this.#acks = { log: [], retry: [] };
    this.#unconfirmed.clear();
    this.#isDraining = false;
  }

  /** Starts nothing more until all is forgotten; resolves when what runs has ended. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.gate.withdraw(this.#tryAgain);
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  /** Starts what may start. */
  pump(): void {
    this.#pump();
  }

  #pump(): void {
    while (!this.#isDraining && this.duties.mayStart()) {
      const suspect = this.#nextSuspect();
      if (suspect) {
        if (!this.gate.enterSolo(this.#tryAgain)) return;
        // Nothing runs, so there is a slot.
        this.slots.take(this.#tryAgain);
        this.#start(suspect);
        return;
      }
      const lane = this.#ready[0];
      if (!lane || !this.gate.mayEnter(this.#tryAgain)) return;
      if (!this.slots.take(this.#tryAgain)) return;
      this.gate.enter();
      this.#ready.shift();
      this.#start(lane.waiting[0]!);
    }
  }

  readonly #tryAgain = (): void => this.#pump();

  /** The first that is at the head of its lane. */
  #nextSuspect(): Held | undefined {
    for (const held of this.#suspects) {
      if (!held.lane.isBusy && held.lane.waiting[0] === held) return held;
    }
    return undefined;
  }

  #start(held: Held): void {
    held.lane.waiting.shift();
    held.lane.isBusy = true;
    this.#suspects.delete(held);
    this.#running += 1;
    void this.#run(held);
  }

  async #run(held: Held): Promise<void> {
    const outcome = await this.duties.handle(held.entry, held.suspicion);
    this.#running -= 1;
    if (typeof outcome === 'object') {
      this.#retryLater(held, outcome);
    } else {
      this.#held.delete(keyOf(held.entry));
      if (outcome === 'done') this.#acks[held.entry.origin].push(held.entry.id);
      this.#free(held.lane);
    }
    this.slots.release();
    this.gate.leave();
    this.#pump();
    if (this.#running === 0) this.#whenIdle?.();
    this.duties.progressed();
  }

  /** The lane waits with it; the others go on. */
  #retryLater(held: Held, { retryInMs, attempts }: { retryInMs: number; attempts: number }): void {
    held.entry = { ...held.entry, attempts };
    const timer = setTimeout(() => {
      this.#retries.delete(held);
      held.suspicion = 'none';
      held.lane.waiting.unshift(held);
      this.#free(held.lane);
      this.#pump();
    }, retryInMs);
    this.#retries.set(held, timer);
  }

  #free(lane: Lane): void {
    lane.isBusy = false;
    const [next] = lane.waiting;
    if (!next) this.#lanes.delete(lane.key);
    else if (next.suspicion !== 'strong') this.#ready.push(lane);
  }

  #laneOf(entry: GroupEntry): Lane {
    const key = entry.event?.stream ?? entry.id;
    let lane = this.#lanes.get(key);
    if (!lane) this.#lanes.set(key, (lane = { key, waiting: [], isBusy: false }));
    return lane;
  }
}

const keyOf = ({ origin, id }: GroupEntry): string => `${origin}:${id}`;

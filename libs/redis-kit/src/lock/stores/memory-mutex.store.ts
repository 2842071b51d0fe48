import type { LockProcess, WakeChannel } from '../lock-process.js';
import {
  HoldStore,
  type AcquireAnswer,
  type AcquireRequest,
  type Renewal,
  type RenewalTerm,
  type TouchAnswer,
} from './hold-store.js';

interface State {
  owner: string | undefined;
  fence: number;
  /** In milliseconds of the monotonic clock. */
  expiry: number;
  delayMs: number;
  /** Those who wait, by ticket. */
  readonly queue: Map<string, number>;
}

const FREE = { owner: undefined, fence: 0, expiry: 0, delayMs: 0 } as const;

/** Locks in the memory of this process, by the same rules as in Redis. Several services may share them. */
export class MemoryMutexStore extends HoldStore {
  readonly kind = 'mutex';
  readonly #states = new Map<string, State>();
  readonly #processes = new Map<string, LockProcess>();
  #lastFence = 0;
  #lastTicket = 0;

  /** The wake channel of a process that uses this store. */
  connect(process: LockProcess): WakeChannel {
    this.#processes.set(process.id, process);
    return {
      isOpen: true,
      ready: () => Promise.resolve(),
      close: () => this.#processes.delete(process.id),
    };
  }

  async take(name: string, id: string, leaseMs: number): Promise<number | undefined> {
    if (this.#states.has(name)) return undefined;
    const state = this.#state(name);
    this.#grant(state, id, leaseMs);
    return state.fence;
  }

  async acquire(name: string, request: AcquireRequest): Promise<AcquireAnswer> {
    const { id, leaseMs, waits } = request;
    const state = this.#state(name);
    if (state.owner === id) return this.#again(name, state, leaseMs);
    if (!state.queue.has(id)) {
      this.#lastTicket += 1;
      state.queue.set(id, request.ticket ?? this.#lastTicket);
    }
    this.#advance(name, state, leaseMs, id);
    if (state.owner === id) return { outcome: 'granted', fence: state.fence };
    const standing = { freeInMs: freeIn(state), holderAgeMs: this.#ageOf(state) };
    if (waits) return { outcome: 'queued', ticket: state.queue.get(id)!, ...standing };
    state.queue.delete(id);
    return { outcome: 'held', ...standing };
  }

  async handBack(name: string, id: string): Promise<boolean> {
    return this.release(name, id);
  }

  async release(name: string, id: string): Promise<boolean> {
    const state = this.#state(name);
    const wasHeld = state.owner === id && performance.now() < state.expiry;
    if (state.owner === id) Object.assign(state, FREE);
    state.queue.delete(id);
    this.#advance(name, state);
    return wasHeld;
  }

  async touch(name: string, ids: readonly string[]): Promise<TouchAnswer> {
    const state = this.#state(name);
    this.#advance(name, state);
    const leaseLeftMs = Math.max(0, state.expiry - performance.now());
    const standings = ids.map((id) => {
      if (state.owner === id && leaseLeftMs > 0) return state.fence;
      return state.queue.has(id) ? 0 : -1;
    });
    return { freeInMs: freeIn(state), holderAgeMs: this.#ageOf(state), leaseLeftMs, standings };
  }

  async renew(terms: readonly RenewalTerm[]): Promise<readonly Renewal[]> {
    return terms.map(({ name, id, leaseMs }) => {
      const state = this.#states.get(name);
      if (state?.owner !== id) return state?.owner === undefined ? 'gone' : 'stolen';
      if (state.expiry <= performance.now()) return 'expired';
      state.expiry = Math.max(state.expiry, performance.now() + leaseMs);
      return 'renewed';
    });
  }

  /** There are no replicas, and nothing that could be lost without them. */
  async replicate(term: RenewalTerm, replicas: number): Promise<number | undefined> {
    const [renewal] = await this.renew([term]);
    return renewal === 'renewed' ? replicas : undefined;
  }

  groupOf(): number {
    return 0;
  }

  #state(name: string): State {
    let state = this.#states.get(name);
    if (!state) this.#states.set(name, (state = { ...FREE, queue: new Map() }));
    return state;
  }

  #again(name: string, state: State, leaseMs: number): AcquireAnswer {
    if (state.expiry <= performance.now()) {
      this.#advance(name, state);
      return { outcome: 'lapsed' };
    }
    state.expiry = Math.max(state.expiry, performance.now() + leaseMs);
    return { outcome: 'granted', fence: state.fence };
  }

  /** Gives a free lock to the first in the queue: to the caller for its lease, to others for the time of a claim. */
  #advance(name: string, state: State, leaseMs = 0, caller?: string): void {
    if (freeIn(state) > 0) return;
    Object.assign(state, FREE);
    const [first] = [...state.queue].sort(([, one], [, other]) => one - other);
    if (!first) {
      this.#states.delete(name);
      return;
    }
    const [id] = first;
    state.queue.delete(id);
    const process = this.#processes.get(id.split('~')[0]!);
    const claimMs = process?.options.claimMs ?? 0;
    this.#grant(state, id, id === caller ? leaseMs : claimMs);
    const { fence } = state;
    if (id !== caller) queueMicrotask(() => process?.granted({ id, fence, claimMs }));
  }

  #grant(state: State, id: string, leaseMs: number): void {
    this.#lastFence = Math.max(this.#lastFence + 1, nowInMicroseconds());
    state.owner = id;
    state.fence = this.#lastFence;
    state.expiry = performance.now() + leaseMs;
    state.delayMs = Number(id.slice(id.lastIndexOf('~') + 1));
  }

  #ageOf({ owner, fence }: State): number {
    return owner === undefined ? 0 : Math.round((nowInMicroseconds() - fence) / 1_000);
  }
}

const freeIn = ({ owner, expiry, delayMs }: State): number =>
  owner === undefined ? 0 : Math.max(0, Math.ceil(expiry + delayMs - performance.now()));

const nowInMicroseconds = (): number =>
  Math.floor((performance.timeOrigin + performance.now()) * 1_000);

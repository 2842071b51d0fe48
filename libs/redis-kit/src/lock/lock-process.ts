import { randomBytes } from 'node:crypto';
import type { RedisKitEvents } from '../core/events.js';
import { Deadlines } from './deadlines.js';
import { LockAbortedError } from './lock.errors.js';
import type { ResolvedLocksOptions } from './lock.options.js';
import type { Grant } from './stores/hold-store.js';
import type { Waiter } from './waiter.js';
import { Watchdog } from './watchdog.js';

/** So many of those who gave up are remembered. */
const MOST_GIVEN_UP = 10_000;

/** How the server reaches this process. */
export interface WakeChannel {
  /** True while messages can be heard. */
  readonly isOpen: boolean;
  /** Resolves when messages can be heard, or it is clear that this takes too long to wait for. Never rejects. */
  ready(): Promise<void>;
  close(): void;
}

/**
 * This process among those that share locks: its name, what it holds, who of it waits, and its one wake channel. All kinds
 * (locks, semaphores, read/write locks) share it.
 */
export class LockProcess {
  readonly id = randomBytes(9).toString('base64url');
  readonly watchdog = new Watchdog();
  readonly deadlines = new Deadlines();
  /** Those who wait, by the id of their request. */
  readonly waiters = new Map<string, Waiter>();
  /** What still has to be told to Redis although nobody waits for it. */
  readonly background = new Set<Promise<unknown>>();
  /** How to give back what is granted to those who gave up, by the id of their request. */
  readonly #givenUp = new Map<string, () => void>();
  readonly #onReplaced = new Set<() => void>();
  #number = 0;
  #isClosed = false;

  constructor(
    readonly options: ResolvedLocksOptions,
    readonly events: RedisKitEvents,
    openChannel: (process: LockProcess) => WakeChannel,
  ) {
    this.channel = openChannel(this);
  }

  readonly channel: WakeChannel;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A request's name. `detail` is what the server must know of it when it is granted: a delay, a weight. */
  nextId(detail: string | number): string {
    return `${this.id}~${(this.#number++).toString(36)}~${detail}`;
  }

  /** @throws LockAbortedError when the application is shutting down. */
  assertOpen(name: string): void {
    if (this.#isClosed) throw new LockAbortedError(name, 0);
  }

  /**
   * A message said that somebody here was granted something. A late one, of what is held already, says nothing. Whoever
   * gave up has told the server so, but the server may have lost it, as in a failover: then it is told once more.
   */
  granted(grant: Grant): void {
    const { id } = grant;
    if (this.watchdog.holds(id)) return;
    const waiter = this.waiters.get(id);
    if (waiter) return waiter.onGranted(grant);
    const giveBack = this.#givenUp.get(id);
    this.#givenUp.delete(id);
    giveBack?.();
  }

  /** Nobody wants what this id may still be granted. Only the last ten thousand such ids are kept. */
  gaveUp(id: string, giveBack: () => void): void {
    this.#givenUp.set(id, giveBack);
    if (this.#givenUp.size <= MOST_GIVEN_UP) return;
    const [oldest] = this.#givenUp.keys();
    this.#givenUp.delete(oldest!);
  }

  /** Messages may have been missed. */
  missed(): void {
    for (const listener of this.#onReplaced) listener();
  }

  onMissed(listener: () => void): void {
    this.#onReplaced.add(listener);
  }

  /** Keeps track of work until it is done. */
  track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.background.delete(tracked));
    this.background.add(tracked);
    return tracked;
  }

  /**
   * Ends all waits, and waits until everything is given back, at most `patienceMs`. What is then still held is lost; its
   * lease runs out by itself.
   */
  async close(patienceMs: number): Promise<void> {
    this.#isClosed = true;
    for (const waiter of [...this.waiters.values()]) waiter.abort();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, patienceMs)));
    await Promise.race([this.#allGivenBack(), patience]);
    clearTimeout(timer);
    this.watchdog.close();
    this.deadlines.close();
    this.#givenUp.clear();
    this.channel.close();
  }

  async #allGivenBack(): Promise<void> {
    while (this.watchdog.size + this.background.size > 0) {
      await Promise.allSettled([this.watchdog.empty(), ...this.background]);
    }
  }
}

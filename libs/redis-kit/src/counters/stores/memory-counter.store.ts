import type { Sum } from '../counters.scripts.js';
import type { Period, Window } from '../../core/time-window.js';
import {
  CounterStore,
  expiryOf,
  type Addition,
  type AdditionOutcome,
  type Count,
  type GroupCounts,
  type Life,
  type Place,
} from './counter-store.js';
import { ExpiringMap } from './expiring-map.js';

/** Counts in the memory of this process, for tests; by the clock of this process, which a test may set. */
export class MemoryCounterStore extends CounterStore {
  /** The counts of one key, by name; a counter alone has the empty name. */
  readonly #counts = new ExpiringMap<Map<string, number>>();
  readonly #unique = new ExpiringMap<Set<string>>();

  constructor(private readonly maxNames: number) {
    super();
  }

  async add(name: string, { group, window }: Place, by: number, life: Life): Promise<Sum> {
    const period = window?.at(Date.now());
    const key = keyOf(name, group, window, period);
    const counts = this.#counts.get(key) ?? new Map<string, number>();
    const field = group === undefined ? '' : name;
    const before = counts.get(field);
    if (before === undefined && group !== undefined && counts.size >= this.maxNames) return 'full';
    const after = (before ?? 0) + by;
    if (!Number.isSafeInteger(after)) return 'overflow';
    this.#counts.set(key, counts.set(field, after), expiresAt(life, window, period));
    return after;
  }

  async addAll(additions: readonly Addition[]): Promise<AdditionOutcome[]> {
    const sums = additions.map(({ name, by, life, ...place }) => this.add(name, place, by, life));
    return (await Promise.all(sums)).map((sum) => (typeof sum === 'number' ? 'done' : 'refused'));
  }

  async totals(names: readonly string[], place: Place, periods: number): Promise<number[]> {
    return names.map((name) =>
      bucketsOf(place.window, periods)
        .map((period) => this.#count(name, place.group, place.window, period))
        .reduce((total, count) => total + count, 0),
    );
  }

  async group(group: string, window: Window | undefined, periods: number): Promise<GroupCounts[]> {
    return bucketsOf(window, periods).map((period) => ({
      period,
      counts: new Map(this.#counts.get(keyOf('', group, window, period)) ?? []),
    }));
  }

  async series(
    name: string,
    group: string | undefined,
    window: Window,
    periods: number,
  ): Promise<Count[]> {
    return window
      .last(Date.now(), periods)
      .map((period) => ({ period, count: this.#count(name, group, window, period) }));
  }

  async remove(name: string | undefined, { group, window }: Place, keep: number): Promise<boolean> {
    const removed = bucketsOf(window, keep).map((period) => {
      const key = keyOf(name ?? '', group, window, period);
      if (group === undefined || name === undefined) return this.#counts.delete(key);
      return this.#counts.get(key)?.delete(name) ?? false;
    });
    return removed.includes(true);
  }

  async addUnique(
    name: string,
    window: Window | undefined,
    member: string,
    life: Life,
  ): Promise<boolean> {
    const period = window?.at(Date.now());
    const key = keyOf(name, undefined, window, period);
    const members = this.#unique.get(key) ?? new Set<string>();
    const isNew = !members.has(member);
    this.#unique.set(key, members.add(member), expiresAt(life, window, period));
    return isNew;
  }

  async unique(name: string, window: Window | undefined, periods: number): Promise<number> {
    const all = bucketsOf(window, periods).flatMap((period) => [
      ...(this.#unique.get(keyOf(name, undefined, window, period)) ?? []),
    ]);
    return new Set(all).size;
  }

  #count(
    name: string,
    group: string | undefined,
    window: Window | undefined,
    period: Period | undefined,
  ): number {
    const counts = this.#counts.get(keyOf(name, group, window, period));
    return counts?.get(group === undefined ? '' : name) ?? 0;
  }
}

const keyOf = (
  name: string,
  group: string | undefined,
  window: Window | undefined,
  period: Period | undefined,
): string =>
  JSON.stringify([group ?? null, group === undefined ? name : null, window?.id, period?.fromMs]);

/** The last periods of a window; without one, all of time. */
const bucketsOf = (window: Window | undefined, periods: number): (Period | undefined)[] =>
  window ? window.last(Date.now(), periods) : [undefined];

const expiresAt = (life: Life, window: Window | undefined, period: Period | undefined): number =>
  window && period
    ? expiryOf(window, period, life.keep)
    : Date.now() + (life.ttlMs ?? Number.POSITIVE_INFINITY);

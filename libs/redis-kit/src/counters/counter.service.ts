import {
  amountOf,
  assertName,
  lifeOf,
  periodsOf,
  placeOf,
  windowFor,
  type CounterScope,
  type IncrementOptions,
  type SeriesOptions,
} from './counter-calls.js';
import { CounterGroupFullError, CounterOverflowError } from './counters.errors.js';
import type { ResolvedCounterOptions } from './counters.options.js';
import type { CounterStore } from './stores/counter-store.js';
import type { Tallies } from './tallies.js';

/** The count of one period. */
export interface CounterBucket {
  /** When the period begins, by the clock of the Redis server. */
  readonly start: Date;
  readonly count: number;
}

/** Whose numbers `stats` gives: of these names, or of everything in a group. */
export type CounterSelection = readonly string[] | { readonly group: string };

/**
 * Counts things, for all time or by windows of time.
 *
 * Each change is one atomic step, and the period it belongs to is that of the Redis server's clock. A call that rejects
 * with `RedisUnavailableError` may have been counted; nothing is counted twice by itself. `tally` counts in the background
 * and loses counts rather than doubling them.
 */
export class CounterService {
  readonly #store: CounterStore;
  readonly #tallies: Tallies;
  readonly #options: ResolvedCounterOptions;

  constructor(store: CounterStore, tallies: Tallies, options: ResolvedCounterOptions) {
    this.#store = store;
    this.#tallies = tallies;
    this.#options = options;
  }

  /**
   * Adds to a counter, 1 unless told otherwise, and answers the new count; of a window, that of the current period.
   *
   * @throws RedisUnavailableError when Redis did not answer in time; it may have been counted.
   * @throws CounterOverflowError, CounterGroupFullError when it was not counted.
   */
  async increment(name: string, how: number | IncrementOptions = {}): Promise<number> {
    const options = typeof how === 'number' ? { by: how } : how;
    return this.#add(name, amountOf(options.by ?? 1), options);
  }

  /** The same, downwards. Counts may be negative. */
  async decrement(name: string, how: number | IncrementOptions = {}): Promise<number> {
    const options = typeof how === 'number' ? { by: how } : how;
    return this.#add(name, amountOf(-(options.by ?? 1)), options);
  }

  /**
   * Adds to a counter in the background: what is added within `flushEvery` goes to Redis together. It returns at once and
   * never fails because of Redis; what is lost is announced by `counters.dropped`. A windowed count belongs to the period in
   * which Redis takes it.
   */
  tally(name: string, how: number | IncrementOptions = {}): void {
    const options = typeof how === 'number' ? { by: how } : how;
    assertName(name, 'counter');
    const by = amountOf(options.by ?? 1);
    this.#tallies.add({ name, by, ...placeOf(options), life: lifeOf(options, this.#options) });
  }

  /** The count, 0 when there is none; of a window, that of the current period. */
  async get(name: string, scope: CounterScope = {}): Promise<number> {
    assertName(name, 'counter');
    const [count] = await this.#store.totals([name], placeOf(scope), 1);
    return count!;
  }

  /**
   * The counts of the last periods, oldest first and without gaps; the last one is the current period. What was counted
   * with a smaller `keep` than `count` is 0 where it is no longer kept.
   */
  async series(
    name: string,
    { count = 1, window, timeZone, group }: SeriesOptions,
  ): Promise<CounterBucket[]> {
    assertName(name, 'counter');
    if (group !== undefined) assertName(group, 'group');
    const periods = periodsOf(count, 'count');
    const of = windowFor(window, timeZone);
    const counts = await this.#store.series(name, group, of, periods);
    return counts.map(({ period, count: counted }) => ({
      start: new Date(period.fromMs),
      count: counted,
    }));
  }

  /**
   * The counts of many counters by name: of the given names, or of all names that a group has. Of a window: the sums of
   * its last `count` periods.
   */
  async stats(
    selection: CounterSelection,
    over: Omit<Partial<SeriesOptions>, 'group'> = {},
  ): Promise<Map<string, number>> {
    const periods = periodsOf(over.count ?? 1, 'count');
    if ('group' in selection) {
      const { group, window } = placeOf({ ...over, group: selection.group });
      const totals = new Map<string, number>();
      for (const { counts } of await this.#store.group(group!, window, periods)) {
        for (const [name, count] of counts) totals.set(name, (totals.get(name) ?? 0) + count);
      }
      return totals;
    }
    const names = [...new Set(selection)];
    for (const name of names) assertName(name, 'counter');
    const totals = await this.#store.totals(names, placeOf(over), periods);
    return new Map(names.map((name, at) => [name, totals[at]!]));
  }

  /** Forgets a count, or a whole group; of a window, its last `keep` periods. True when there was something. */
  async reset(
    target: string | { readonly group: string },
    { keep, ...scope }: CounterScope & Pick<IncrementOptions, 'keep'> = {},
  ): Promise<boolean> {
    const periods = periodsOf(keep ?? this.#options.keep, 'keep');
    if (typeof target === 'object') {
      return this.#store.remove(undefined, placeOf({ ...scope, group: target.group }), periods);
    }
    assertName(target, 'counter');
    return this.#store.remove(target, placeOf(scope), periods);
  }

  /**
   * Counts a member once, by a HyperLogLog: at most 12 kB for any number of members, with a standard error of 0.81 %.
   * True when the estimate has changed.
   */
  async addUnique(
    name: string,
    member: string,
    options: Omit<IncrementOptions, 'group' | 'by'> = {},
  ): Promise<boolean> {
    assertName(name, 'counter');
    assertName(member, 'member');
    const { window } = placeOf(options);
    return this.#store.addUnique(name, window, member, lifeOf(options, this.#options));
  }

  /** How many different members were counted; of a window, in its last `count` periods together. */
  async unique(name: string, over: Omit<Partial<SeriesOptions>, 'group'> = {}): Promise<number> {
    assertName(name, 'counter');
    return this.#store.unique(name, placeOf(over).window, periodsOf(over.count ?? 1, 'count'));
  }

  async #add(name: string, by: number, options: IncrementOptions): Promise<number> {
    assertName(name, 'counter');
    const place = placeOf(options);
    const sum = await this.#store.add(name, place, by, lifeOf(options, this.#options));
    if (sum === 'overflow') throw new CounterOverflowError(name, by);
    if (sum === 'full') throw new CounterGroupFullError(place.group!, name);
    return sum;
  }
}

import type { Sum } from '../counters.scripts.js';
import type { Period, Window } from '../../core/time-window.js';

/** Where counters with a name are kept: alone or in a group, for all time or by the periods of a window. */
export interface Place {
  readonly group: string | undefined;
  readonly window: Window | undefined;
}

/** How long counts are kept. */
export interface Life {
  /** From the last change on, for a count without a window; undefined: for ever. */
  readonly ttlMs: number | undefined;
  /** Periods of a window, the current one included. */
  readonly keep: number;
}

/** What is added to one counter by `tally`. */
export interface Addition extends Place {
  readonly name: string;
  readonly by: number;
  readonly life: Life;
}

/** What became of an addition: it counts, it may be tried again, it may or may not count, or it is refused. */
export type AdditionOutcome = 'done' | 'not-run' | 'unknown' | 'refused';

export interface Count {
  readonly period: Period;
  readonly count: number;
}

/** The counts of a group by name; without a window they are of all time. */
export interface GroupCounts {
  readonly period: Period | undefined;
  readonly counts: ReadonlyMap<string, number>;
}

/** Where counts are kept: in Redis, or in the memory of a test. Both do what `counters.contract.ts` says. */
export abstract class CounterStore {
  abstract add(name: string, place: Place, by: number, life: Life): Promise<Sum>;

  /** Tries all of them, each at most once, and says in the same order what became of them. Never rejects. */
  abstract addAll(additions: readonly Addition[]): Promise<AdditionOutcome[]>;

  /** The counts of several names; what was never counted is 0. Of a window: the sum of its last `periods`. */
  abstract totals(names: readonly string[], place: Place, periods: number): Promise<number[]>;

  /** The counts of all names of a group; of a window: for each of its last `periods`, oldest first. */
  abstract group(
    group: string,
    window: Window | undefined,
    periods: number,
  ): Promise<GroupCounts[]>;

  /** The counts of the last periods, oldest first. */
  abstract series(
    name: string,
    group: string | undefined,
    window: Window,
    periods: number,
  ): Promise<Count[]>;

  /** Forgets a name; without one, its whole group. True when there was something. */
  abstract remove(name: string | undefined, place: Place, keep: number): Promise<boolean>;

  abstract addUnique(
    name: string,
    window: Window | undefined,
    member: string,
    life: Life,
  ): Promise<boolean>;

  abstract unique(name: string, window: Window | undefined, periods: number): Promise<number>;
}

/** The first moment at which no series of `keep` periods shows this one any more. */
export const expiryOf = (window: Window, period: Period, keep: number): number =>
  period.untilMs + (keep - 1) * window.longestMs;

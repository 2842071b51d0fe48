/** How one `getOrSet` ended, shared by everybody who waited for it. */
export interface Outcome {
  readonly value: unknown;
  readonly source: 'cache' | 'factory' | 'factory-without-redis';
}

/**
 * A flight this old is not joined any more. Another process may have invalidated the key since it read its data, and
 * only flights of this process hear of invalidations made here.
 */
const JOIN_BOUND_MS = 1_000;

interface Flight {
  readonly outcome: Promise<Outcome>;
  readonly startedAt: number;
}

/**
 * Calls in progress by key, so that callers of one key share one read and one factory, errors included.
 *
 * An invalidation detaches the flight: those who already wait get its result, everybody later starts anew.
 */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  /** Joins the flight of this key, or starts one. */
  join(key: string, start: () => Promise<Outcome>): Promise<Outcome> {
    const present = this.#flights.get(key);
    if (present && performance.now() - present.startedAt < JOIN_BOUND_MS) return present.outcome;

    const flight: Flight = { outcome: start(), startedAt: performance.now() };
    this.#flights.set(key, flight);
    const land = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.outcome.then(land, land);
    return flight.outcome;
  }

  detach(key: string): void {
    this.#flights.delete(key);
  }

  /** Resolves when every flight now in the air has landed. */
  async landed(): Promise<void> {
    await Promise.allSettled([...this.#flights.values()].map(({ outcome }) => outcome));
  }
}

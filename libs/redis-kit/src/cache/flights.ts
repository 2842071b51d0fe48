import { ScopedContext } from '../core/scoped-context.js';

/** How one read-through ended, shared by everybody who waited for it. */
export interface Outcome {
  readonly value: unknown;
  readonly source: 'cache' | 'factory' | 'factory-without-redis';
  /** It carries tags that the call did not declare, so nobody knew before that their invalidation concerns it. */
  readonly isTaggedLate?: boolean;
}

/**
 * A flight this old is not joined any more. Another process may have invalidated the key since it read its data, and
 * only flights of this process hear of invalidations made here.
 */
const JOIN_BOUND_MS = 1_000;

class Flight {
  /** Cleared on landing: a Map keeps what was deleted from it alive for a while, and values can be large. */
  outcome: Promise<Outcome | undefined> | undefined;
  readonly startedAt = performance.now();

  constructor(
    readonly tags: ReadonlySet<string>,
    /** How many times tags had been invalidated here when it started. */
    readonly invalidations: number,
    outcome: Promise<Outcome | undefined>,
  ) {
    this.outcome = outcome;
  }
}

/**
 * Calls in progress by key, so that callers of one key share one read and one factory, errors included.
 *
 * An invalidation detaches the flights it concerns: those who already wait get the result, everybody later starts anew.
 */
export class Flights {
  readonly #flights = new Map<string, Flight>();
  readonly #inTheAir = new Set<Flight>();
  #invalidations = 0;
  /** Keys whose factories the current call is part of. */
  readonly #within = new ScopedContext<ReadonlySet<string>>();

  /** True inside the factory of this key, which would wait for itself if it joined its own flight. */
  isWithin(key: string): boolean {
    return this.#within.get()?.has(key) === true;
  }

  /** Runs the factory of a key. Only factories run in an asynchronous context of their own: most calls are hits. */
  runFactory<T>(key: string, factory: () => T): T {
    return this.runLoader([key], factory);
  }

  /** Runs what makes the values of several keys. */
  runLoader<T>(keys: readonly string[], loader: () => T): T {
    return this.#within.run(new Set([...(this.#within.get() ?? []), ...keys]), loader);
  }

  /** Joins the flight of this key that heeds at least these tags, or starts one. */
  join(key: string, tags: ReadonlySet<string>, start: () => Promise<Outcome>): Promise<Outcome> {
    const present = this.joinable(key, tags);
    if (present) return present.then((outcome) => outcome ?? this.join(key, tags, start));
    return this.start(key, tags, start);
  }

  /** Starts a flight, whatever is in the air. */
  start(key: string, tags: ReadonlySet<string>, start: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = start();
    this.launch(key, tags, outcome);
    return outcome;
  }

  /**
   * The flight of this key that may be joined. Its outcome is undefined when it is not for those who join: a loader of
   * many keys left this one out, or a tag invalidated meanwhile turned out to be a tag of the flight.
   */
  joinable(key: string, tags: ReadonlySet<string>): Promise<Outcome | undefined> | undefined {
    const present = this.#flights.get(key);
    if (!present?.outcome || !isJoinable(present, tags)) return undefined;
    if (present.invalidations === this.#invalidations) return present.outcome;
    return present.outcome.then((outcome) => (outcome?.isTaggedLate ? undefined : outcome));
  }

  /** Lets others join what is under way for this key. */
  launch(key: string, tags: ReadonlySet<string>, outcome: Promise<Outcome | undefined>): void {
    const flight = new Flight(tags, this.#invalidations, outcome);
    this.#flights.set(key, flight);
    this.#inTheAir.add(flight);
    const land = () => {
      flight.outcome = undefined;
      this.#inTheAir.delete(flight);
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    outcome.then(land, land);
  }

  detach(key: string): void {
    this.#flights.delete(key);
  }

  detachTags(tags: ReadonlySet<string>): void {
    this.detachWhere((carried) => [...carried].some((tag) => tags.has(tag)));
  }

  /** Detaches the flights of which `concerns` holds. */
  detachWhere(concerns: (tags: ReadonlySet<string>) => boolean): void {
    this.#invalidations += 1;
    for (const [key, flight] of this.#flights) if (concerns(flight.tags)) this.#flights.delete(key);
  }

  detachAll(): void {
    this.#flights.clear();
  }

  /** Resolves when every flight now in the air has landed, detached ones included. */
  async landed(): Promise<void> {
    await Promise.allSettled([...this.#inTheAir].map(({ outcome }) => outcome));
  }
}

function isJoinable(flight: Flight, tags: ReadonlySet<string>): boolean {
  for (const tag of tags) if (!flight.tags.has(tag)) return false;
  return performance.now() - flight.startedAt < JOIN_BOUND_MS;
}

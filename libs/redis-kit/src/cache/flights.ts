import { ScopedContext } from '../core/scoped-context.js';
import type { Freshness } from './freshness.js';

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

/** What decides who shares a flight. */
export interface Asked {
  readonly tags: ReadonlySet<string>;
  readonly freshness: Pick<
    Freshness,
    'staleWhileRevalidateMs' | 'staleIfErrorMs' | 'softTimeoutMs' | 'hardTimeoutMs'
  >;
}

/** What those who join a flight get; undefined: it is not for them; `late`: they are not to wait for it any longer. */
export type Joined = Promise<Outcome | 'late' | undefined>;

class Flight {
  /** Cleared on landing: a Map keeps what was deleted from it alive for a while, and values can be large. */
  outcome: Promise<Outcome | undefined> | undefined;
  readonly startedAt = performance.now();

  constructor(
    readonly asked: Asked,
    /** How many times tags had been invalidated here when it started. */
    readonly invalidations: number,
    outcome: Promise<Outcome | undefined>,
  ) {
    this.outcome = outcome;
  }
}

/**
 * Calls in progress by key, so that callers of one key share one read and one factory, errors included. Those share it who
 * ask for the same staleness and timeouts: nobody gets a staler value than it allows, or another's timeout.
 *
 * An invalidation detaches the flights it concerns: those who already wait get the result, everybody later starts anew.
 */
export class Flights {
  /** Of each key the latest flight for each staleness and timeouts; nearly always one. */
  readonly #flights = new Map<string, readonly Flight[]>();
  readonly #inTheAir = new Set<Flight>();
  #invalidations = 0;
  /** Keys whose factories the current call is part of. */
  readonly #within = new ScopedContext<ReadonlySet<string>>();

  /** @param factoryWaitMs longest wait of a factory for somebody else's flight, which may be waiting for that factory. */
  constructor(private readonly factoryWaitMs: number) {}

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

  /**
   * Joins the flight of this key that asks for the same and heeds at least these tags, or starts one.
   *
   * @param alone answers a factory that has waited long enough for a flight it joined.
   */
  async join(
    key: string,
    asked: Asked,
    start: () => Promise<Outcome>,
    alone: () => Promise<Outcome>,
  ): Promise<Outcome> {
    for (;;) {
      const present = this.joinable(key, asked);
      if (!present) return this.start(key, asked, start);
      const joined = await present;
      if (joined) return joined === 'late' ? alone() : joined;
    }
  }

  /** Starts a flight, whatever is in the air. */
  start(key: string, asked: Asked, start: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = start();
    this.launch(key, asked, outcome);
    return outcome;
  }

  /**
   * The flight of this key that may be joined. Its outcome is undefined when it is not for those who join: a loader of
   * many keys left this one out, or a tag invalidated meanwhile turned out to be a tag of the flight.
   */
  joinable(key: string, asked: Asked): Joined | undefined {
    const present = this.#flights.get(key)?.find((flight) => isLike(flight.asked, asked));
    if (!present?.outcome || !isJoinable(present, asked.tags)) return undefined;
    const outcome =
      present.invalidations === this.#invalidations
        ? present.outcome
        : present.outcome.then((landed) => (landed?.isTaggedLate ? undefined : landed));
    return this.#within.get() ? this.#bounded(outcome) : outcome;
  }

  /** Lets others join what is under way for this key. */
  launch(key: string, asked: Asked, outcome: Promise<Outcome | undefined>): void {
    const flight = new Flight(asked, this.#invalidations, outcome);
    this.#retain(key, (other) => !isLike(other.asked, asked), flight);
    this.#inTheAir.add(flight);
    const land = () => {
      flight.outcome = undefined;
      this.#inTheAir.delete(flight);
      this.#retain(key, (other) => other !== flight);
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
    const stays = ({ asked }: Flight) => !concerns(asked.tags);
    for (const [key, flights] of this.#flights) {
      if (!flights.every(stays)) this.#retain(key, stays);
    }
  }

  detachAll(): void {
    this.#flights.clear();
  }

  /** Resolves when every flight now in the air has landed, detached ones included. */
  async landed(): Promise<void> {
    await Promise.allSettled([...this.#inTheAir].map(({ outcome }) => outcome));
  }

  /** Keeps those flights of a key of which `stays` holds, and one more. */
  #retain(key: string, stays: (flight: Flight) => boolean, ...more: readonly Flight[]): void {
    const flights = [...(this.#flights.get(key)?.filter(stays) ?? []), ...more];
    if (flights.length > 0) this.#flights.set(key, flights);
    else this.#flights.delete(key);
  }

  /** Two factories that wait for each other would wait for ever, however many lie between them. */
  #bounded(outcome: Promise<Outcome | undefined>): Joined {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve('late'), this.factoryWaitMs);
      outcome.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}

const isLike = ({ freshness: one }: Asked, { freshness: other }: Asked): boolean =>
  one === other ||
  (one.staleWhileRevalidateMs === other.staleWhileRevalidateMs &&
    one.staleIfErrorMs === other.staleIfErrorMs &&
    one.softTimeoutMs === other.softTimeoutMs &&
    one.hardTimeoutMs === other.hardTimeoutMs);

function isJoinable(flight: Flight, tags: ReadonlySet<string>): boolean {
  for (const tag of tags) if (!flight.asked.tags.has(tag)) return false;
  return performance.now() - flight.startedAt < JOIN_BOUND_MS;
}

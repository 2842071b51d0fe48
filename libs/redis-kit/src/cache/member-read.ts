import { deferred } from '../core/deferred.js';
import type { CacheEngine, FoundValue, Target } from './engine.js';
import type { Outcome } from './flights.js';
import { StaleAtHand } from './stale-at-hand.js';

/** The read-through of one of many keys, to be settled by whoever does the work. */
export class MemberRead {
  /** undefined: the loader left the key out. */
  readonly outcome: Promise<Outcome | undefined>;
  readonly #work = deferred<Outcome | undefined>();
  readonly #atHand: StaleAtHand | undefined;

  constructor(
    engine: CacheEngine,
    readonly target: Target,
  ) {
    const { promise } = this.#work;
    this.#atHand =
      target.freshness.staleIfErrorMs > 0 ? new StaleAtHand(engine, target) : undefined;
    this.outcome = this.#atHand?.standInFor(promise) ?? promise;
    // Who asked is told by `getMany` itself; nobody else may be waiting.
    this.outcome.catch(() => undefined);
  }

  /** A stale value that may stand in for the loader. */
  hold(found: FoundValue): void {
    this.#atHand?.hold(found);
  }

  settle(outcome: Outcome | undefined): void {
    this.#work.resolve(outcome);
  }

  fail(error: unknown): void {
    this.#work.reject(error);
  }
}

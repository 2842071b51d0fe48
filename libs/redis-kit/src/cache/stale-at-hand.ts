import { deferred } from '../core/deferred.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { answeredBy, decode, type CacheEngine, type FoundValue, type Target } from './engine.js';
import type { Outcome } from './flights.js';
import { announced } from './refresh.js';

/** The longest time a timer of Node counts; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * A stale value that one call has seen, to stand in for a factory that fails or is slow.
 *
 * It is looked at again before it is served: what was deleted or invalidated meanwhile stands in for nothing.
 */
export class StaleAtHand {
  #found: FoundValue | undefined;
  #foundAt = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #slow = deferred<'slow'>();

  constructor(
    private readonly engine: CacheEngine,
    private readonly call: Target,
  ) {}

  hold(found: FoundValue): void {
    this.#found = found;
    this.#foundAt = performance.now();
    const { softTimeoutMs } = this.call.freshness;
    if (this.#timer || softTimeoutMs > LONGEST_TIMER_MS) return;
    this.#timer = setTimeout(() => this.#slow.resolve('slow'), softTimeoutMs);
  }

  /** The outcome of the work, or of the stale value where that may stand in. */
  async standInFor<O extends Outcome | undefined>(work: Promise<O>): Promise<O | Outcome> {
    try {
      const first = await Promise.race([work, this.#slow.promise]);
      if (first !== 'slow') return first;
      const served = await this.#serve('slow');
      if (!served) return await work;
      this.engine.runs.keep(announced(this.engine, this.call, work));
      return served;
    } catch (error) {
      if (!this.#found || !this.call.freshness.shouldServeStale(error)) throw error;
      const served = await this.#serve('error');
      if (!served) throw error;
      return served;
    } finally {
      clearTimeout(this.#timer);
    }
  }

  async #serve(reason: 'error' | 'slow'): Promise<Outcome | undefined> {
    const { engine, call } = this;
    const standing = await this.#look();
    if (!standing || standing.staleMs >= call.freshness.staleIfErrorMs) return undefined;
    const { staleMs } = standing;
    if (staleMs >= 0) {
      const { cache, events } = engine;
      events.emit('cache.stale-served', { cache, key: call.name, reason, staleMs });
    }
    return answeredBy(standing, call);
  }

  /** What stands there now; without Redis, what stood there, unless it was invalidated here. */
  async #look(): Promise<FoundValue | undefined> {
    const { engine, call } = this;
    const budget = new Budget(engine.deadlineMs);
    // Asked of Redis, not of local memory: this is rare, and another process' invalidation may just be on its way.
    const view = await engine.tokens.view(call.key, call.tags, budget, true);
    const now = view === UNAVAILABLE ? UNAVAILABLE : await decode(engine, call, view, budget);
    if (now !== UNAVAILABLE) return now.type === 'value' ? now : undefined;
    const found = this.#found;
    if (!found || engine.isDoubtful(call.key, found.tags, found.sentAt)) return undefined;
    return { ...found, staleMs: found.staleMs + performance.now() - this.#foundAt };
  }
}

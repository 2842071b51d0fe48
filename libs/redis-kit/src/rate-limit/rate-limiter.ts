import { randomBytes } from 'node:crypto';
import { toMs, type Duration } from '../core/duration.js';
import type { RedisKitEvents } from '../core/events.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { safeMessage } from '../core/redact.js';
import { CountedDecision, type Correction, type DecisionDuties } from './counted-decision.js';
import type {
  RateLimitCallOptions,
  RateLimitDecision,
  RateLimitOutlook,
  RateLimitTracker,
} from './decision.js';
import { DenyCache } from './deny-cache.js';
import type { Insurance } from './insurance.js';
import { limitsOf, type Limit } from './limit.js';
import type { RateLimitPolicy } from './policy.options.js';
import { RateLimitCostError } from './rate-limit.errors.js';
import type { ResolvedRateLimitOptions } from './rate-limit.options.js';
import { WaitingLine } from './waiting-line.js';
import type { BucketRequest, BucketStore } from './stores/bucket-store.js';
import { outlookOf, type TrackerPart } from './tracker-part.js';
import './rate-limit.events.js';

export interface RateLimiterDependencies {
  readonly options: ResolvedRateLimitOptions;
  readonly store: BucketStore;
  readonly insurance: Insurance;
  readonly events: RedisKitEvents;
}

/**
 * Says whether a request may pass, and counts it.
 *
 * All policies of one tracker are decided in one step, all or none, by the clock of Redis. A denied request is not counted
 * unless its policy says so. While Redis is away the insurance of each policy decides, within the deadline; what it
 * allows is not counted in Redis afterwards. Redis replicates asynchronously: a failover may forget the last requests.
 */
export class RateLimiter {
  readonly #denials: DenyCache;
  readonly #line = new WaitingLine();
  readonly #duties: DecisionDuties = {
    correct: (correction) => this.#apply(correction),
    renew: (part) => this.#renew(part),
  };
  readonly #process = randomBytes(9).toString('base64url');
  #requests = 0;

  constructor(private readonly dependencies: RateLimiterDependencies) {
    const { maxEntries, maxAgeMs } = dependencies.options.denyCache;
    this.#denials = new DenyCache(maxEntries, maxAgeMs);
  }

  /**
   * Counts a request against the policies of one tracker, or of several: put the narrowest first, it spares the others
   * the most. When one denies, what the others counted is given back.
   *
   * With `wait` the call waits until it is allowed; see `RateLimitCallOptions`.
   *
   * @throws RateLimitCostError when no waiting would ever let it pass.
   * @throws ConfigurationError when a policy is wrong.
   */
  consume(
    key: string,
    policies: readonly RateLimitPolicy[],
    options?: RateLimitCallOptions,
  ): Promise<RateLimitDecision>;
  consume(
    trackers: readonly RateLimitTracker<RateLimitPolicy>[],
    options?: RateLimitCallOptions,
  ): Promise<RateLimitDecision>;
  async consume(
    target: string | readonly RateLimitTracker<RateLimitPolicy>[],
    second?: readonly RateLimitPolicy[] | RateLimitCallOptions,
    third?: RateLimitCallOptions,
  ): Promise<RateLimitDecision> {
    const startedAt = performance.now();
    const options = (typeof target === 'string' ? third : second) as
      RateLimitCallOptions | undefined;
    const requests = this.#requestsOf(trackersOf(target, second), options?.cost ?? 1, true);
    const parallel = options?.parallel ?? false;
    const decision =
      options?.wait === undefined
        ? await this.#ask(requests, parallel)
        : await this.#askInLine(requests, options, () => this.#ask(requests, parallel));
    this.#announce(decision, startedAt);
    return decision;
  }

  /** What a request would be told now; counts nothing. */
  async peek(
    key: string,
    policies: readonly RateLimitPolicy[],
    { cost = 1 }: { readonly cost?: number } = {},
  ): Promise<RateLimitOutlook> {
    const requests = this.#requestsOf([{ key, policies }], cost, false);
    return outlookOf(await this.#decideAll(requests, false));
  }

  /**
   * Gives back to the windows at hand. To give back what one request took, and only while its window lasts, use
   * `refund()` of its decision.
   *
   * @throws RedisUnavailableError, DeadlineExceededError or the driver's error: it may have been done all the same.
   */
  async refund(key: string, policies: readonly RateLimitPolicy[], amount = 1): Promise<void> {
    await this.#correct(key, policies, -wholeNumber('amount', amount));
  }

  /**
   * Counts more, beyond the limits too.
   *
   * @throws as `refund` does.
   */
  async penalize(key: string, policies: readonly RateLimitPolicy[], amount = 1): Promise<void> {
    await this.#correct(key, policies, wholeNumber('amount', amount));
  }

  /**
   * Denies everything of this tracker for a while, whatever the policies.
   *
   * @throws as `refund` does.
   */
  async block(key: string, duration: Duration): Promise<void> {
    const forMs = toMs(duration);
    if (forMs > 0) await this.dependencies.store.block(key, forMs, this.#correctionDeadlineMs);
  }

  /**
   * Ends every block of this tracker, and forgets how often it was blocked.
   *
   * @throws as `refund` does.
   */
  async unblock(key: string): Promise<void> {
    await this.reset(key, []);
  }

  /**
   * Forgets what these policies counted, and every block of the tracker. Other processes may go on denying for
   * `denyCache.maxAge`.
   *
   * @throws as `refund` does.
   */
  async reset(key: string, policies: readonly RateLimitPolicy[]): Promise<void> {
    const limits = limitsOf(policies);
    const { store, insurance } = this.dependencies;
    await insurance.store.reset(key, limits);
    await store.reset(key, limits, this.#correctionDeadlineMs);
    this.#changed(key);
  }

  /** Ends all waits, with the answer they have: the application is shutting down. */
  endWaits(): void {
    this.#line.close();
  }

  /** Something was given back: what is known of the tracker is no longer so. */
  #changed(tracker: string): void {
    this.#denials.forget(tracker);
    this.#line.wake(tracker);
  }

  /** Longest wait for what must not be lost; nobody's request waits for it. */
  get #correctionDeadlineMs(): number {
    return Math.max(1_000, this.dependencies.options.deadlineMs);
  }

  async #ask(requests: readonly BucketRequest[], parallel: boolean): Promise<CountedDecision> {
    // A flood of denied requests is over here, before anything is awaited.
    const known = requests.length === 1 ? this.#knownDenial(requests[0]!) : undefined;
    const parts = known ? [known] : await this.#decideAll(requests, parallel);
    const decision = new CountedDecision(parts, this.#duties);
    if (!decision.allowed && parts.length > 1) await decision.takeBack();
    return decision;
  }

  #askInLine(
    requests: readonly BucketRequest[],
    { wait = 0, signal }: RateLimitCallOptions,
    ask: () => Promise<RateLimitDecision>,
  ): Promise<RateLimitDecision> {
    const wanted = requests.map(({ tracker, limits }) => [tracker, ...limits.map(idOf)]);
    const trackers = requests.map(({ tracker }) => tracker);
    return this.#line.wait(JSON.stringify(wanted), trackers, { waitMs: toMs(wait), signal }, ask);
  }

  async #decideAll(
    requests: readonly BucketRequest[],
    parallel: boolean,
  ): Promise<readonly TrackerPart[]> {
    const budget = new Budget(this.dependencies.options.deadlineMs);
    if (parallel) return Promise.all(requests.map((request) => this.#decide(request, budget)));
    const parts: TrackerPart[] = [];
    for (const request of requests) {
      const part = await this.#decide(request, budget);
      parts.push(part);
      if (!part.answer.allowed) break;
    }
    return parts;
  }

  async #decide(request: BucketRequest, budget: Budget): Promise<TrackerPart> {
    const known = this.#knownDenial(request);
    if (known) return known;
    const { store, insurance } = this.dependencies;
    const sentAt = performance.now();
    const { moment } = this.#denials;
    const answer = await store.consume(request, budget);
    if (answer !== UNAVAILABLE) {
      if (request.counts) this.#denials.remember(request, answer, sentAt, moment);
      return { request, answer, source: 'redis', store };
    }
    return {
      request,
      answer: insurance.decide(request),
      source: 'insurance',
      store: insurance.store,
    };
  }

  #knownDenial(request: BucketRequest): TrackerPart | undefined {
    const answer = this.#denials.find(request);
    return answer && { request, answer, source: 'deny-cache', store: undefined };
  }

  async #correct(key: string, policies: readonly RateLimitPolicy[], change: number): Promise<void> {
    if (change === 0) return;
    const limits = limitsOf(policies);
    const counted = limits.filter(({ limit, kind }) => limit > 0 && kind !== 'C');
    const correction = { tracker: key, limits: counted, marks: undefined, change, holder: '' };
    await this.dependencies.store.correct(correction, this.#correctionDeadlineMs);
    this.#changed(key);
  }

  /** Corrects one part of a decision where it was counted. What fails is announced, not thrown. */
  async #apply({ part, change, ofSlots }: Correction): Promise<void> {
    const { request, answer, store } = part;
    if (!store) return;
    const { insurance, events } = this.dependencies;
    const { tracker, holder } = request;
    const counted = request.limits
      .map((limit, at) => ({ limit, mark: answer.results[at]!.mark }))
      .filter(({ limit, mark }) => mark !== undefined && (limit.kind === 'C') === ofSlots);
    if (counted.length === 0) return;
    const limits = counted.map(({ limit }) =>
      store === insurance.store ? insurance.partOf(limit) : limit,
    );
    const marks = counted.map(({ mark }) => mark);
    try {
      await store.correct({ tracker, limits, marks, change, holder }, this.#correctionDeadlineMs);
    } catch (error) {
      const policies = limits.map(({ name }) => name);
      const message = safeMessage(error);
      events.emit('rate-limit.degraded', { operation: 'correct', policies, message });
    }
    if (change < 0) this.#changed(tracker);
  }

  /** Renews the leases of one part of a decision where it is counted. What fails is announced, not thrown. */
  async #renew({ request, store }: TrackerPart): Promise<void> {
    const { insurance, events } = this.dependencies;
    const { tracker, cost, holder } = request;
    const counted = request.limits.filter(({ kind }) => kind === 'C');
    if (!store || counted.length === 0) return;
    const limits =
      store === insurance.store ? counted.map((one) => insurance.partOf(one)) : counted;
    try {
      await store.renew({ tracker, limits, cost, holder }, this.#correctionDeadlineMs);
    } catch (error) {
      const policies = limits.map(({ name }) => name);
      const message = safeMessage(error);
      events.emit('rate-limit.degraded', { operation: 'renew', policies, message });
    }
  }

  #requestsOf(
    trackers: readonly RateLimitTracker<RateLimitPolicy>[],
    cost: number,
    counts: boolean,
  ): BucketRequest[] {
    wholeNumber('cost', cost);
    const requests: BucketRequest[] = [];
    let holder = '';
    for (const { key, policies } of trackers) {
      if (policies.length === 0) continue;
      const limits = limitsOf(policies);
      for (const { name, kind, limit, most } of limits) {
        if (cost > most && limit > 0) throw new RateLimitCostError(name, cost, most);
        if (kind === 'C' && holder === '') {
          holder = `${this.#process}${(this.#requests++).toString(36)}`;
        }
      }
      requests.push({ tracker: key, limits, cost, counts: counts && cost > 0, holder });
    }
    return requests;
  }

  #announce(decision: RateLimitDecision, startedAt: number): void {
    const { events } = this.dependencies;
    const event = decision.allowed ? 'rate-limit.allowed' : 'rate-limit.denied';
    if (!events.has(event)) return;
    const durationMs = performance.now() - startedAt;
    const { denied, source, retryAfterMs } = decision;
    const policies = decision.policies.map(({ name }) => name);
    if (decision.allowed) events.emit('rate-limit.allowed', { policies, source, durationMs });
    else events.emit('rate-limit.denied', { policies, denied, source, retryAfterMs, durationMs });
  }
}

const idOf = ({ kind, name }: Limit): string => `${kind}:${name}`;

function trackersOf(
  target: string | readonly RateLimitTracker<RateLimitPolicy>[],
  policies: unknown,
): readonly RateLimitTracker<RateLimitPolicy>[] {
  return typeof target === 'string'
    ? [{ key: target, policies: policies as readonly RateLimitPolicy[] }]
    : target;
}

function wholeNumber(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} is ${value}, and must be a whole number of at least 0`);
  }
  return value;
}

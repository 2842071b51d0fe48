import { LRUCache } from 'lru-cache';
import type { RateLimitPolicy } from '../policy.options.js';
import { limiterPolicy } from './limiter-policy.js';
import { isAmong } from './client-lists.js';
import { userOf, type LimitedCall } from './limited-call.js';
import type { RoutePolicy } from './limiter-policy.js';
import type { RateLimitRouteOptions } from './route-policy.options.js';
import { RateLimitTrackerError } from './tracker.errors.js';
import type { RateLimitBy, Trackers } from './trackers.js';

/** A policy that is due, with whom it counts. */
export interface DuePolicy {
  readonly route: RoutePolicy;
  readonly tracker: string;
  readonly policy: RateLimitPolicy;
}

/** Policies that are counted in one step: what a call costs, and what becomes of it, is the same for all of them. */
export interface Step {
  readonly options: RateLimitRouteOptions;
  readonly cost: number;
  readonly due: DuePolicy[];
}

/** What the options of one decorator say about a call. */
type Applicability = 'denied' | 'exempt' | { readonly cost: number; readonly tier: string };

/** Variants of a policy that are kept, one for each limit it has had, such as those of tiers. */
const MOST_VARIANTS = 1_000;
const DEFAULT_TIER = 'default';

/** Finds out which policies a call is to be counted for, for whom, and with which limits. */
export class DuePolicies {
  readonly #variants = new WeakMap<RoutePolicy, LRUCache<number, RateLimitPolicy>>();

  constructor(private readonly trackers: Trackers) {}

  /**
   * The steps in which `open` policies are counted. Policies are added to `settled` that are in one of them, or do not
   * apply to the call; the others cannot tell yet whom they count, and wait if they may.
   */
  async stepsOf(
    call: LimitedCall,
    open: readonly RoutePolicy[],
    settled: Set<RoutePolicy>,
    mayWait: boolean,
  ): Promise<Step[] | 'denied'> {
    const steps = new Map<string, Step>();
    const answers = new Map<RateLimitRouteOptions, Applicability>();
    for (const route of open) {
      const { options } = route;
      const applies = answers.get(options) ?? (await this.#ask(call, options));
      answers.set(options, applies);
      if (applies === 'denied') return 'denied';
      if (applies === 'exempt') {
        settled.add(route);
        continue;
      }
      const tracker = await this.#trackerOf(call, route, mayWait);
      if (tracker === undefined) continue;
      settled.add(route);
      const policy = await this.#variantFor(call, route, applies.tier);
      const group = options.countOnly ? [...answers.keys()].indexOf(options) : 'all';
      const id = `${options.shadow === true}:${group}:${applies.cost}`;
      const step = steps.get(id) ?? { options, cost: applies.cost, due: [] };
      step.due.push({ route, tracker, policy });
      steps.set(id, step);
    }
    // What is only watched does not count calls that are denied.
    return [...steps.values()].sort(
      (a, b) => Number(a.options.shadow === true) - Number(b.options.shadow === true),
    );
  }

  async #ask(call: LimitedCall, options: RateLimitRouteOptions): Promise<Applicability> {
    const { request, context } = call;
    const { allow, deny, when, skip, cost, tier } = options;
    const address = () => this.trackers.addressOf(request);
    if (await isAmong(deny, call, address)) return 'denied';
    if (await isAmong(allow, call, address)) return 'exempt';
    if (when && !(await when(request, context))) return 'exempt';
    if (await skip?.(request, context)) return 'exempt';
    return {
      cost: typeof cost === 'function' ? await cost(request, context) : (cost ?? 1),
      tier: (await tier?.(request, context)) ?? DEFAULT_TIER,
    };
  }

  async #trackerOf(
    call: LimitedCall,
    { policy, options }: RoutePolicy,
    mayWait: boolean,
  ): Promise<string | undefined> {
    const by = policy.by ?? options.by ?? 'ip';
    if (mayWait && mentionsUser(by) && userOf(call.request) === undefined) return undefined;
    try {
      return await this.trackers.keyOf(call, by);
    } catch (error) {
      if (mayWait && error instanceof RateLimitTrackerError) return undefined;
      throw error;
    }
  }

  async #variantFor(call: LimitedCall, route: RoutePolicy, tier: string): Promise<RateLimitPolicy> {
    const { limit } = route.policy;
    if (typeof limit === 'number') return this.#variant(route, limit);
    if (typeof limit === 'function') {
      return this.#variant(route, await limit(call.request, call.context));
    }
    return this.#variant(route, Object.hasOwn(limit, tier) ? limit[tier]! : limit[DEFAULT_TIER]!);
  }

  /** The policy as the limiter knows it. The same object for the same limit: it is checked once. */
  #variant(route: RoutePolicy, limit: number): RateLimitPolicy {
    const variants =
      this.#variants.get(route) ?? new LRUCache<number, RateLimitPolicy>({ max: MOST_VARIANTS });
    this.#variants.set(route, variants);
    let variant = variants.get(limit);
    if (!variant) {
      variant = limiterPolicy(route, limit);
      variants.set(limit, variant);
    }
    return variant;
  }
}

const mentionsUser = (by: RateLimitBy): boolean =>
  by === 'user' || (Array.isArray(by) && by.includes('user'));

import type { ExecutionContext, OnApplicationBootstrap, Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { RedisKitEvents } from '../../core/events.js';
import type { RateLimitDecision, RateLimitPolicyResult } from '../decision.js';
import type { RateLimitInsurance } from '../policy.options.js';
import type { RateLimiter } from '../rate-limiter.js';
import { CallState, type CallEnd } from './call-state.js';
import type { Denial } from './denial.js';
import { DuePolicies, type DuePolicy, type Step } from './due-policies.js';
import { limitedCall, type LimitedCall, type RateLimitResponse } from './limited-call.js';
import './rate-limit-http.events.js';
import type { ResolvedRateLimitHttpOptions } from './rate-limit-http.options.js';
import {
  ClientDeniedException,
  RateLimitExceededException,
  RateLimitUnavailableException,
} from './rate-limit.exception.js';
import type { PolicyStanding } from './rate-limit-headers.js';
import { assertSkips, RoutePlans } from './route-plan.js';
import type { RateLimitRouteOptions } from './route-policy.options.js';
import { Trackers } from './trackers.js';

/** Where on its way a call is: at a guard, or past all of them. */
export type Stage = 'guard' | 'interceptor';

/** What a call is told: where it stands with the policies it counted for, and why it is denied. */
export interface Verdict {
  readonly call: LimitedCall;
  readonly standings: readonly PolicyStanding[];
  readonly denial: Denial | undefined;
}

export interface RequestLimitsSettings {
  readonly limiter: RateLimiter;
  readonly events: RedisKitEvents;
  readonly http: ResolvedRateLimitHttpOptions;
  readonly modules: ModulesContainer;
  /** What happens while Redis is away, for policies that do not say. */
  readonly onFailure: RateLimitInsurance;
}

/** The narrowest first: whoever is denied as one user uses up nothing of what belongs to many. */
const BREADTH = ['user:', 'api-key:', 'session:', 'by:', 'ip:', 'everyone'];
const breadthOf = (tracker: string): number =>
  BREADTH.findIndex((prefix) => tracker.startsWith(prefix));

/** Counts the calls of handlers, each call once for each of its policies. */
export class RequestLimits implements OnApplicationBootstrap {
  readonly #application: RateLimitRouteOptions | undefined;
  readonly #due: DuePolicies;
  readonly #plans: RoutePlans;
  readonly #states = new WeakMap<object, CallState>();
  readonly #sharing = new WeakMap<RateLimitResponse, Set<CallState>>();

  constructor(private readonly settings: RequestLimitsSettings) {
    const { policies, trackers } = settings.http;
    this.#due = new DuePolicies(new Trackers(trackers));
    this.#application = policies.length > 0 ? { policies } : undefined;
    this.#plans = new RoutePlans(this.#application);
  }

  /** @throws ConfigurationError when a handler skips a policy that it does not have. */
  onApplicationBootstrap(): void {
    for (const { controllers, providers } of this.settings.modules.values()) {
      for (const { metatype } of [...controllers.values(), ...providers.values()]) {
        if (metatype?.prototype) assertSkips(metatype as Type, this.#application);
      }
    }
  }

  get http(): ResolvedRateLimitHttpOptions {
    return this.settings.http;
  }

  /**
   * Counts a call for the policies that are due; `undefined` when none is.
   *
   * At a guard these are all but those that cannot tell yet whom they count, such as `by: 'user'` before somebody is
   * signed in; they are due when all guards have let the call pass.
   */
  async judge(context: ExecutionContext, stage: Stage): Promise<Verdict | undefined> {
    const { policies, isDecorated } = this.#plans.of(context);
    if (policies.length === 0) return undefined;
    const call = limitedCall(context);
    const state = this.#stateOf(call);
    const open = policies.filter((route) => !state.counted.has(route));
    if (open.length === 0) return undefined;
    let denial: Denial | undefined;
    try {
      const mayWait = stage === 'guard' && isDecorated;
      const steps = await this.#due.stepsOf(call, open, state.counted, mayWait);
      if (steps === 'denied') denial = new ClientDeniedException();
      else for (const step of steps) denial ??= await this.#take(call, step, state);
      if (!denial && state.isWatched) state.keepAlive();
    } catch (error) {
      await state.undo();
      throw error;
    }
    if (denial) await state.undo();
    return { call, standings: state.standings, denial };
  }

  /** The call has passed all guards: from now on its end is told. */
  begun(context: ExecutionContext): void {
    this.#states.get(limitedCall(context).identity)?.keepAlive();
  }

  /** How a call ended that no HTTP response tells the end of. */
  ended(context: ExecutionContext, end: CallEnd): void {
    const state = this.#states.get(limitedCall(context).identity);
    if (state?.isWatched === false) state.end(end);
  }

  #stateOf(call: LimitedCall): CallState {
    const known = this.#states.get(call.identity);
    if (known) return known;
    const state = new CallState();
    this.#states.set(call.identity, state);
    const { response, context } = call;
    // The response tells how a call ended, also of one that another guard refuses, or whose client goes away. That of
    // GraphQL is shared by all fields of a request, and its status does not tell.
    if (response && context.getType() === 'http') {
      state.isWatched = true;
      const end = (): void => state.end(endOf(response));
      if (response.destroyed) end();
      else response.once('close', end);
    } else if (response) this.#endWith(response, state);
    return state;
  }

  /** Fields of GraphQL that a later guard refused end with the response they share. */
  #endWith(response: RateLimitResponse, state: CallState): void {
    const sharing = this.#sharing.get(response);
    if (sharing) {
      sharing.add(state);
      return;
    }
    const states = new Set([state]);
    this.#sharing.set(response, states);
    response.once('close', () => {
      for (const each of states) each.end({ isFailure: true });
    });
  }

  async #take(call: LimitedCall, step: Step, state: CallState): Promise<Denial | undefined> {
    const { options, cost } = step;
    const due = [...step.due].sort((a, b) => breadthOf(a.tracker) - breadthOf(b.tracker));
    const trackers = [...new Set(due.map(({ tracker }) => tracker))].map((key) => ({
      key,
      policies: due.filter(({ tracker }) => tracker === key).map(({ policy }) => policy),
    }));
    const decision = await this.settings.limiter.consume(trackers, { cost });
    const results = new Map(
      trackers
        .flatMap(({ policies }) => policies)
        .map((policy, at) => [policy, decision.policies[at]] as const),
    );
    const answered = due.flatMap((one) => {
      const result = results.get(one.policy);
      return result ? [{ ...one, result }] : [];
    });
    if (options.shadow) this.#report(call, answered, decision);
    else state.standings.push(...answered.map(standingOf));
    if (decision.allowed) {
      const isGivenBack = (end: CallEnd): boolean => isSuccess(step, call, end);
      state.hold({ decision, isGivenBack });
      return undefined;
    }
    return options.shadow ? undefined : this.#denialOf(answered, decision);
  }

  #denialOf(answered: readonly Answered[], decision: RateLimitDecision): Denial {
    const violated = answered.filter(({ result }) => !result.allowed);
    const names = violated.map(({ route }) => route.policy.name);
    const isClosed = ({ policy }: DuePolicy) =>
      (policy.onFailure ?? this.settings.onFailure) === 'closed';
    return decision.source === 'insurance' && violated.some(isClosed)
      ? new RateLimitUnavailableException(names)
      : new RateLimitExceededException(names, decision.retryAfterMs);
  }

  #report(call: LimitedCall, answered: readonly Answered[], decision: RateLimitDecision): void {
    if (decision.allowed) return;
    const { context } = call;
    this.settings.events.emit('rate-limit.shadow-denied', {
      route: `${context.getClass().name}.${context.getHandler().name}`,
      policies: answered
        .filter(({ result }) => !result.allowed)
        .map(({ route }) => route.policy.name),
      retryAfterMs: decision.retryAfterMs,
    });
  }
}

interface Answered extends DuePolicy {
  readonly result: RateLimitPolicyResult;
}

function endOf(response: NonNullable<LimitedCall['response']>): CallEnd {
  if (response.writableFinished !== true) return { isFailure: true };
  return { isFailure: response.statusCode >= 400, status: response.statusCode };
}

function isSuccess({ options }: Step, { request }: LimitedCall, end: CallEnd): boolean {
  if (options.countOnly === undefined) return false;
  if (options.isFailure && end.status !== undefined) return !options.isFailure(end.status, request);
  return !end.isFailure;
}

function standingOf({ route, policy, result }: Answered): PolicyStanding {
  const { allowed, limit, remaining, windowMs, resetMs, retryAfterMs } = result;
  const isBucket =
    (policy.algorithm ?? 'token-bucket') === 'token-bucket' &&
    policy.per !== 'day' &&
    policy.per !== 'month';
  // A bucket fills steadily: more is there long before all is.
  const moreInMs = isBucket && limit > 0 ? Math.min(resetMs, windowMs / limit) : resetMs;
  return {
    name: route.policy.name,
    limit,
    windowMs: windowMs > 0 ? windowMs : undefined,
    unit: policy.algorithm === 'concurrency' ? 'concurrent-requests' : 'requests',
    remaining,
    moreInMs: windowMs > 0 && Number.isFinite(moreInMs) ? moreInMs : 0,
    retryAfterMs: allowed ? undefined : retryAfterMs,
  };
}

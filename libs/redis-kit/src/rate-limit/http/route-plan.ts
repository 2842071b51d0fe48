import 'reflect-metadata';
import type { ExecutionContext, Type } from '@nestjs/common';
import { validateOptions } from '../../core/options/validate-options.js';
import { limitOf } from '../limit.js';
import { ConfigurationError, type ConfigurationIssue } from '../../core/redis-kit.error.js';
import { limiterPolicy, type RoutePolicy } from './limiter-policy.js';
import { RateLimitRouteOptions } from './route-policy.options.js';

/** Everything that limits a route. */
export interface RoutePlan {
  readonly policies: readonly RoutePolicy[];
  /** Whether the route, or its class, is decorated: then there is an interceptor, which runs after all guards. */
  readonly isDecorated: boolean;
}

const DECLARED = Symbol('redis-kit:rate-limit');
const SKIPPED = Symbol('redis-kit:rate-limit-skip');

/** Checks the options of a decorator and adds them to those of a class or a method. */
export function declareRateLimit(
  target: object,
  options: RateLimitRouteOptions,
  where: string,
): void {
  const checked = checkRateLimit(options, '@RateLimit()');
  const declared = [checked, ...ownMetadata<RateLimitRouteOptions>(DECLARED, target)];
  assertDistinct(declared, where);
  Reflect.defineMetadata(DECLARED, declared, target);
}

/** Takes a class or a method out of the policies around it: those of these names, or all. */
export function declareSkip(target: object, names: readonly string[]): void {
  const skipped = names.length === 0 ? [ALL] : names;
  Reflect.defineMetadata(SKIPPED, [...ownMetadata(SKIPPED, target), ...skipped], target);
}

const ALL = Symbol('all policies');

/** @throws ConfigurationError naming each wrong option */
export function checkRateLimit(
  options: RateLimitRouteOptions,
  path: string,
): RateLimitRouteOptions {
  const checked = validateOptions(RateLimitRouteOptions, options, path);
  for (const [at, policy] of checked.policies.entries()) {
    const { limit } = policy;
    const limits = typeof limit === 'object' ? Object.values(limit) : [limit];
    for (const each of limits) {
      // What a function says is checked when it says it.
      const known = typeof each === 'number' ? each : 1;
      const route = { policy, options: checked, scope: '' };
      limitOf(limiterPolicy(route, known), `${path}.policies[${at}]`);
    }
  }
  return checked;
}

/**
 * The policies of a handler, merged by name: those of its method over those of its class, and these over those of the
 * application. What a level skips is what comes from the levels around it.
 */
export function routePlan(
  type: { readonly name: string },
  handler: { readonly name: string },
  application: RateLimitRouteOptions | undefined,
): RoutePlan {
  const levels = [
    { declared: application ? [application] : [], skipped: [], scope: '' },
    { ...metadataOf(type), scope: type.name },
    { ...metadataOf(handler), scope: `${type.name}.${handler.name}` },
  ];
  let merged = new Map<string, RoutePolicy>();
  for (const { declared, skipped, scope } of levels) {
    if (skipped.includes(ALL)) merged = new Map();
    for (const name of skipped) merged.delete(name as string);
    for (const options of declared) {
      for (const policy of options.policies) {
        merged.set(policy.name, { policy, options, scope: policy.scope ?? scope });
      }
    }
  }
  const isDecorated = levels.slice(1).some(({ declared }) => declared.length > 0);
  return { policies: [...merged.values()], isDecorated };
}

/**
 * Names in `@SkipRateLimit()` of a class and its handlers that no policy around them has: a slip of the pen, by which
 * nothing would be skipped.
 *
 * @throws ConfigurationError naming the place and what may be skipped there.
 */
export function assertSkips(type: Type, application: RateLimitRouteOptions | undefined): void {
  const around = namesOf(application ? [application] : []);
  const own = metadataOf(type);
  const issues = unknownSkips(own.skipped, around, type.name);
  const known = [...around, ...namesOf(own.declared)];
  for (const name of Object.getOwnPropertyNames(type.prototype ?? {})) {
    const handler: unknown = Object.getOwnPropertyDescriptor(type.prototype, name)?.value;
    if (typeof handler !== 'function') continue;
    issues.push(...unknownSkips(metadataOf(handler).skipped, known, `${type.name}.${name}()`));
  }
  if (issues.length > 0) throw new ConfigurationError(issues);
}

function unknownSkips(
  skipped: readonly (string | symbol)[],
  known: readonly string[],
  where: string,
): ConfigurationIssue[] {
  return skipped
    .filter((name) => typeof name === 'string' && !known.includes(name))
    .map((name) => ({
      path: `@SkipRateLimit() of ${where}`,
      given: `'${String(name)}'`,
      expected: known.length > 0 ? `one of ${known.join(', ')}` : 'nothing: no policy is around it',
    }));
}

const namesOf = (declared: readonly RateLimitRouteOptions[]): string[] =>
  declared.flatMap(({ policies }) => policies.map(({ name }) => name));

/** Plans of the routes of one application, made once each. */
export class RoutePlans {
  readonly #plans = new Map<object, WeakMap<object, RoutePlan>>();

  constructor(private readonly application: RateLimitRouteOptions | undefined) {}

  of(context: ExecutionContext): RoutePlan {
    const type = context.getClass();
    const handler = context.getHandler();
    const plans = this.#plans.get(type) ?? new WeakMap<object, RoutePlan>();
    this.#plans.set(type, plans);
    let plan = plans.get(handler);
    if (!plan) {
      plan = routePlan(type, handler, this.application);
      plans.set(handler, plan);
    }
    return plan;
  }
}

interface Declared {
  readonly declared: readonly RateLimitRouteOptions[];
  readonly skipped: readonly (string | symbol)[];
}

// A class inherits what its base is decorated with, unless it is decorated itself.
const metadataOf = (target: object): Declared => ({
  declared: (Reflect.getMetadata(DECLARED, target) ?? []) as readonly RateLimitRouteOptions[],
  skipped: (Reflect.getMetadata(SKIPPED, target) ?? []) as readonly (string | symbol)[],
});

const ownMetadata = <T>(key: symbol, target: object): readonly T[] =>
  (Reflect.getOwnMetadata(key, target) ?? []) as readonly T[];

function assertDistinct(declared: readonly RateLimitRouteOptions[], where: string): void {
  const names = namesOf(declared);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return;
  throw new ConfigurationError(
    `@RateLimit() of ${where} has two policies named '${twice}'. A policy replaces one of the same name of its class; ` +
      'within one place each needs a name of its own.',
  );
}

import type { ExecutionContext } from '@nestjs/common';
import { Is, IsFlag, IsOneOf, IsText, Required } from '../../core/options/constraints.js';
import { NestedList } from '../../core/options/nested.js';
import { LARGEST_LIMIT, RateLimitPolicy, type RateLimitInsurance } from '../policy.options.js';
import { parseNetwork } from './client-address.js';
import type { RateLimitRequest } from './limited-call.js';
import { TRACKER_NAMES, type RateLimitBy } from './trackers.js';

/** Something of a call, asked for each; its parameter may be declared as the platform's own type. */
export type FromCall<T> = { of(request: RateLimitRequest, context: ExecutionContext): T }['of'];

/** A number for everybody, by tier (`default` is for those without one), or asked for each call. */
export type RouteLimit =
  number | Readonly<Record<string, number>> | FromCall<number | Promise<number>>;

/** No dot, which stands between it and its scope. */
const POLICY_NAME = /^[\w-]{1,40}$/;
const SCOPE = /^[\w.-]{1,64}$/;
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isLimit = (value: unknown): boolean => isCount(value) && (value as number) <= LARGEST_LIMIT;
const isTracker = (value: unknown): boolean =>
  isFunction(value) || TRACKER_NAMES.includes(value as never);
const isBy = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 && value.every(isTracker) : isTracker(value);
const isTiers = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'default' in value &&
  Object.values(value).every(isLimit);
const BY = `one of ${TRACKER_NAMES.join(', ')}, a function, or a list of these`;

/** An address list that is checked at boot. */
const isNetworks = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && !!parseNetwork(item));
const NETWORKS =
  'a list of addresses and networks, such as 10.0.0.0/8, or a function of the request';

/** One policy of a route: a `RateLimitPolicy` whose limit may depend on the call, and whom it counts. */
export class RateLimitRoutePolicy extends (RateLimitPolicy as new () => Omit<
  RateLimitPolicy,
  'name' | 'limit'
>) {
  /** Names it in headers and errors; a policy of a method replaces one of the same name of its class. */
  @Required('a name')
  @IsText({ pattern: POLICY_NAME, expected: 'up to 40 letters, digits and _ -' })
  name!: string;

  /** How much is allowed: a number, numbers by tier such as `{ default: 10, pro: 100 }`, or a function of the request. */
  @Required('a limit')
  @Is(
    `a whole number from 0 to ${LARGEST_LIMIT}, an object of these by tier with a default, or a function of the request`,
    (limit) => isLimit(limit) || isFunction(limit) || isTiers(limit),
  )
  limit!: RouteLimit;

  /** Whom this policy counts; default: `by` of the decorator. */
  @Is(BY, isBy)
  by?: RateLimitBy | undefined;

  /**
   * Policies of the same scope, name and tracker share one count.
   * @default the method or the class that it is declared on, or the whole application
   */
  @IsText({ pattern: SCOPE, expected: 'up to 64 letters, digits and . _ -' })
  scope?: string | undefined;
}

/** Options of `@RateLimit()`. They hold for the policies of the same decorator. */
export class RateLimitRouteOptions {
  /** What is allowed, all of it at once: a call that one of them denies uses up none of the others. */
  @Required('a list of policies')
  @NestedList(() => RateLimitRoutePolicy)
  policies!: readonly RateLimitRoutePolicy[];

  /**
   * Whom the policies count; a policy may say otherwise.
   * @default 'ip'
   */
  @Is(BY, isBy)
  by?: RateLimitBy | undefined;

  /**
   * How much a call uses up.
   * @default 1
   */
  @Is(
    'a whole number from 0, or a function of the request',
    (cost) => isCount(cost) || isFunction(cost),
  )
  cost?: number | FromCall<number | Promise<number>> | undefined;

  /** The tier of a call, for limits by tier; `undefined`, and a tier without a limit of its own, are `default`. */
  @Is('a function of the request', isFunction)
  tier?: FromCall<string | undefined | Promise<string | undefined>> | undefined;

  /** Only calls for which it is true are limited. */
  @Is('a function of the request', isFunction)
  when?: FromCall<boolean | Promise<boolean>> | undefined;

  /** Calls for which it is true are not limited. */
  @Is('a function of the request', isFunction)
  skip?: FromCall<boolean | Promise<boolean>> | undefined;

  /**
   * Counts, and reports what would have been denied, but denies nothing.
   * @default false
   */
  @IsFlag()
  shadow?: boolean | undefined;

  /** What happens while Redis is away, for policies that do not say: a limit in this process, everything passes, or 503. */
  @IsOneOf(['local', 'open', 'closed'])
  onFailure?: RateLimitInsurance | undefined;

  /** Calls that end well are given back what they used, such as logins with the right password. */
  @IsOneOf(['failures'])
  countOnly?: 'failures' | undefined;

  /** Which calls have failed, for `countOnly`; default: those that throw, and HTTP responses of status 400 and above. */
  @Is('a function of the status and the request', isFunction)
  isFailure?: { of(status: number, request: RateLimitRequest): boolean }['of'] | undefined;

  /** Clients that are not limited. */
  @Is(NETWORKS, (value) => isFunction(value) || isNetworks(value))
  allow?: readonly string[] | FromCall<boolean | Promise<boolean>> | undefined;

  /** Clients that are refused with 403, without being counted. */
  @Is(NETWORKS, (value) => isFunction(value) || isNetworks(value))
  deny?: readonly string[] | FromCall<boolean | Promise<boolean>> | undefined;
}

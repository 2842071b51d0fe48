import { createHash } from 'node:crypto';
import type { RateLimitPolicy } from '../policy.options.js';
import type { RateLimitRouteOptions, RateLimitRoutePolicy } from './route-policy.options.js';

/** A policy as it applies to a route: with the options of its decorator, and what it shares its count with. */
export interface RoutePolicy {
  readonly policy: RateLimitRoutePolicy;
  readonly options: RateLimitRouteOptions;
  readonly scope: string;
}

/** What the limiter takes for a name. */
const LONGEST_NAME = 64;
const DIGEST_LENGTH = 22;

/** A policy of the limiter, under a name that says what it shares its count with. */
export function limiterPolicy(
  { policy, options, scope }: RoutePolicy,
  limit: number,
): RateLimitPolicy {
  const { by: _, scope: __, onFailure = options.onFailure, ...rest } = policy;
  return {
    ...rest,
    name: qualified(scope, policy.name),
    limit,
    ...(onFailure === undefined ? {} : { onFailure }),
  };
}

function qualified(scope: string, name: string): string {
  if (scope === '') return name;
  const full = `${scope}.${name}`;
  if (/^[\w.-]*$/.test(scope) && full.length <= LONGEST_NAME) return full;
  const digest = createHash('sha256').update(scope).digest('base64url');
  return `${digest.slice(0, DIGEST_LENGTH)}.${name}`;
}

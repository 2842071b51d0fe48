import { ConfigurationError } from '../../core/redis-kit.error.js';
import { Is, IsIntegerBetween, IsOneOf, IsText } from '../../core/options/constraints.js';
import { NestedList } from '../../core/options/nested.js';
import { AddressList, IPV6_PREFIX, parseNetwork } from './client-address.js';
import type { RateLimitHeaderStyle } from './rate-limit-headers.js';
import { checkRateLimit } from './route-plan.js';
import { RateLimitRoutePolicy } from './route-policy.options.js';
import type { RateLimitTrackerFunction, TrackerSettings } from './trackers.js';

const LARGEST_HOP_COUNT = 32;

/** Options of `rateLimit.http`: how calls of handlers are limited. */
export class RateLimitHttpOptions {
  /**
   * Policies of every handler that `RateLimitGuard` stands before; with the guard bound globally, of all. They count the
   * calls of all handlers together, by `ip` unless a policy says otherwise.
   * @default none
   */
  @NestedList(() => RateLimitRoutePolicy)
  policies?: readonly RateLimitRoutePolicy[] | undefined;

  /**
   * Headers of responses: `RateLimit` and `RateLimit-Policy` of the IETF, `X-RateLimit-*`, both, or none. A denied request
   * always gets `Retry-After`.
   * @default 'ietf'
   */
  @IsOneOf(['ietf', 'legacy', 'both', false])
  headers?: RateLimitHeaderStyle | undefined;

  /**
   * Proxies whose `X-Forwarded-For` is believed: how many there are, or their addresses and networks.
   * @default whatever the framework makes of it (`trust proxy` of Express, `trustProxy` of Fastify)
   */
  @Is(
    `a whole number from 0 to ${LARGEST_HOP_COUNT}, or a list of addresses and networks such as 10.0.0.0/8`,
    (proxies) =>
      Array.isArray(proxies)
        ? proxies.every((item) => typeof item === 'string' && !!parseNetwork(item))
        : Number.isInteger(proxies) && Number(proxies) >= 0 && Number(proxies) <= LARGEST_HOP_COUNT,
  )
  trustedProxies?: number | readonly string[] | undefined;

  /**
   * IPv6 clients are counted by this many bits of their address: the rest is theirs to vary.
   * @default 56
   */
  @IsIntegerBetween(32, 128)
  ipv6Prefix?: number | undefined;

  /**
   * The request header that API keys come in.
   * @default 'x-api-key'
   */
  @IsText({ pattern: /^[!#$%&'*+.^_`|~\w-]+$/, expected: 'the name of a header' })
  apiKeyHeader?: string | undefined;

  /** Who the user of a request is; default: `id` or `sub` of what guards left in `request.user`. */
  @Is('a function of the request', (user) => typeof user === 'function')
  user?: RateLimitTrackerFunction | undefined;

  /**
   * Key of the digests of API keys and sessions (HMAC-SHA-256), so that nobody who reads Redis can check a guess.
   * @default none: plain SHA-256
   */
  @IsText({ pattern: /^.{16,}$/s, expected: 'text of at least 16 characters' })
  secret?: string | undefined;
}

export interface ResolvedRateLimitHttpOptions {
  readonly policies: readonly RateLimitRoutePolicy[];
  readonly headers: RateLimitHeaderStyle;
  readonly trackers: TrackerSettings;
}

export function resolveRateLimitHttpOptions(
  options: RateLimitHttpOptions,
): ResolvedRateLimitHttpOptions {
  const { trustedProxies, policies = [] } = options;
  if (policies.length > 0) checkPolicies(policies);
  return {
    policies,
    headers: options.headers ?? 'ietf',
    trackers: {
      ipv6Prefix: options.ipv6Prefix ?? IPV6_PREFIX,
      trustedProxies:
        typeof trustedProxies === 'object' ? new AddressList(trustedProxies) : trustedProxies,
      apiKeyHeader: (options.apiKeyHeader ?? 'x-api-key').toLowerCase(),
      secret: options.secret,
      user: options.user,
    },
  };
}

/** What can only be said of a policy, or of several, as a whole. */
function checkPolicies(policies: readonly RateLimitRoutePolicy[]): void {
  checkRateLimit({ policies }, 'rateLimit.http');
  const names = policies.map(({ name }) => name);
  const issues = names.flatMap((name, at) =>
    names.indexOf(name) === at
      ? []
      : [
          {
            path: `rateLimit.http.policies[${at}].name`,
            given: `'${name}'`,
            expected: 'a name that no other policy of the list has',
          },
        ],
  );
  if (issues.length > 0) throw new ConfigurationError(issues);
}

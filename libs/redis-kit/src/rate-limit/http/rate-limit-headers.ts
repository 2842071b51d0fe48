import { fieldInteger, fieldItem, fieldList, fieldString } from './structured-fields.js';

/** Where a client stands with one policy, as headers tell it. */
export interface PolicyStanding {
  readonly name: string;
  readonly limit: number;
  /** `undefined` for a limit on what runs at the same time, and for a calendar month: they have no fixed window. */
  readonly windowMs: number | undefined;
  readonly unit: 'requests' | 'concurrent-requests';
  readonly remaining: number;
  /** Until more than `remaining` can be used; 0 when that is not a matter of time. */
  readonly moreInMs: number;
  /** Until a request like this one is allowed; set when this policy denied it. */
  readonly retryAfterMs?: number | undefined;
}

/** Which headers are sent: those of the IETF draft, the older `X-RateLimit-*`, both, or none. */
export type RateLimitHeaderStyle = 'ietf' | 'legacy' | 'both' | false;

export type ResponseHeaders = ReadonlyMap<string, string>;

const SECOND = 1_000;
const seconds = (ms: number): number => Math.ceil(ms / SECOND);

/**
 * Headers of a response, allowed or denied, as draft-ietf-httpapi-ratelimit-headers-11 has them (23 May 2026).
 *
 * A denied response says `t` of the policies that denied it only, so that `Retry-After`, the longest of them, is never
 * earlier than a `t` (§6), and never later than needed.
 */
export function rateLimitHeaders(
  standings: readonly PolicyStanding[],
  style: RateLimitHeaderStyle,
): ResponseHeaders {
  const headers = new Map<string, string>();
  if (standings.length === 0) return headers;
  const denied = standings.filter(({ retryAfterMs }) => retryAfterMs !== undefined);
  if (denied.length > 0) {
    const retryAfter = Math.max(...denied.map((standing) => effectiveWindow(standing) ?? 1));
    headers.set('Retry-After', fieldInteger(retryAfter));
  }
  if (style === 'ietf' || style === 'both') {
    const told = denied.length > 0 ? denied : standings;
    headers.set('RateLimit-Policy', fieldList(standings.map(policyItem)));
    headers.set(
      'RateLimit',
      fieldList(standings.map((standing) => limitItem(standing, told.includes(standing)))),
    );
  }
  if (style === 'legacy' || style === 'both') {
    const tightest = tightestOf(denied.length > 0 ? denied : standings);
    headers.set('X-RateLimit-Limit', fieldInteger(tightest.limit));
    headers.set('X-RateLimit-Remaining', fieldInteger(tightest.remaining));
    headers.set('X-RateLimit-Reset', fieldInteger(effectiveWindow(tightest) ?? 0));
  }
  return headers;
}

/** §3.1. A window that is no whole number of seconds cannot be told, and is left out. */
function policyItem({ name, limit, windowMs, unit }: PolicyStanding): string {
  const isTold = windowMs !== undefined && windowMs > 0 && windowMs % SECOND === 0;
  return fieldItem(fieldString(name), {
    q: fieldInteger(limit),
    qu: unit === 'requests' ? undefined : fieldString(unit),
    w: isTold ? fieldInteger(windowMs / SECOND) : undefined,
  });
}

/** §4.1 */
function limitItem(standing: PolicyStanding, withWindow: boolean): string {
  const window = withWindow ? effectiveWindow(standing) : undefined;
  return fieldItem(fieldString(standing.name), {
    r: fieldInteger(standing.remaining),
    t: window === undefined ? undefined : fieldInteger(window),
  });
}

/**
 * `t`, in seconds: for how long no more than what remains can be used. Never so short that what remains, divided by it, is
 * more than the policy allows in the long run (§6, §8.5).
 */
function effectiveWindow(standing: PolicyStanding): number | undefined {
  const { limit, windowMs, remaining, moreInMs, retryAfterMs } = standing;
  if (retryAfterMs !== undefined) return Math.max(1, seconds(retryAfterMs));
  if (windowMs === undefined) return moreInMs > 0 ? seconds(moreInMs) : undefined;
  const earned = limit > 0 ? (remaining * windowMs) / limit : windowMs;
  return seconds(Math.max(moreInMs, earned));
}

/** The one a client runs into first. */
const tightestOf = (standings: readonly PolicyStanding[]): PolicyStanding =>
  standings.reduce((tightest, standing) => {
    const share = ({ remaining, limit }: PolicyStanding) => remaining / Math.max(1, limit);
    const isTighter =
      share(standing) < share(tightest) ||
      (share(standing) === share(tightest) &&
        (standing.retryAfterMs ?? 0) > (tightest.retryAfterMs ?? 0));
    return isTighter ? standing : tightest;
  });

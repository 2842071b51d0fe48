import type { RateLimitPolicyResult, RateLimitSource } from './decision.js';
import type { BucketAnswer, BucketRequest, BucketStore } from './stores/bucket-store.js';

/** What one tracker of a request was told, and by whom. */
export interface TrackerPart {
  readonly request: BucketRequest;
  readonly answer: BucketAnswer;
  readonly source: RateLimitSource;
  /** Where it was counted, and is given back; undefined when it was not counted. */
  readonly store: BucketStore | undefined;
}

/** From the most trustworthy to the least. */
const SOURCES: readonly RateLimitSource[] = ['redis', 'deny-cache', 'insurance'];

export function policyResults(parts: readonly TrackerPart[]): RateLimitPolicyResult[] {
  return parts.flatMap(({ request, answer }) =>
    request.limits.map((limit, at) => {
      const { mark: _, windowMs = limit.windowMs, ...result } = answer.results[at]!;
      return { name: limit.name, limit: limit.limit, windowMs, ...result };
    }),
  );
}

/** The facts of a decision. */
export function outlookOf(parts: readonly TrackerPart[]) {
  const policies = policyResults(parts);
  const refusals = policies.filter((policy) => !policy.allowed);
  return {
    allowed: refusals.length === 0,
    policies,
    denied: refusals.map(({ name }) => name),
    retryAfterMs: Math.max(0, ...refusals.map(({ retryAfterMs }) => retryAfterMs)),
    source: SOURCES[Math.max(...parts.map(({ source }) => SOURCES.indexOf(source)))]!,
  };
}

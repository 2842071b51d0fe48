import type { RateLimitOutlook, RateLimitPolicyResult, RateLimitSource } from './decision.js';
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

/** The facts of a decision. */
export function outlookOf(parts: readonly TrackerPart[]): RateLimitOutlook {
  const policies: RateLimitPolicyResult[] = [];
  const denied: string[] = [];
  let longestWaitMs = 0;
  let worstSource = 0;
  for (const { request, answer, source } of parts) {
    worstSource = Math.max(worstSource, SOURCES.indexOf(source));
    for (const [at, result] of answer.results.entries()) {
      // Spelled out, not spread: this is done for every request.
      const { name, limit, windowMs } = request.limits[at]!;
      const { allowed, remaining, resetMs, retryAfterMs, blocked } = result;
      policies.push({
        name,
        allowed,
        limit,
        remaining,
        windowMs: result.windowMs ?? windowMs,
        resetMs,
        retryAfterMs,
        blocked,
      });
      if (allowed) continue;
      denied.push(name);
      longestWaitMs = Math.max(longestWaitMs, retryAfterMs);
    }
  }
  return {
    allowed: denied.length === 0,
    policies,
    denied,
    retryAfterMs: longestWaitMs,
    source: SOURCES[worstSource]!,
  };
}

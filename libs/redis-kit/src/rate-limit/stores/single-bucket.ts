import type { Limit } from '../limit.js';
import type { BucketAnswer } from './bucket-store.js';

/** One token bucket that does nothing special: the most frequent case, which has a script of its own. */
export function isSingleBucket(limits: readonly Limit[]): boolean {
  if (limits.length !== 1) return false;
  const { kind, limit, countDenied, block } = limits[0]!;
  return kind === 'T' && limit > 0 && !countDenied && block === undefined;
}

/** What a token bucket says that will be full again at `fullAtUs`; what `lua/token-bucket.lua` says of it. */
export function singleBucketAnswer(
  { a: unitUs, b: burstUs }: Limit,
  cost: number,
  allowed: boolean,
  nowUs: number,
  fullAtUs: number,
): BucketAnswer {
  const freeUs = nowUs + burstUs - fullAtUs;
  const result = {
    allowed,
    remaining: Math.max(0, Math.floor(freeUs / unitUs)),
    retryAfterMs: allowed ? 0 : Math.ceil((cost * unitUs - freeUs) / 1_000),
    resetMs: Math.ceil((fullAtUs - nowUs) / 1_000),
    blocked: false,
    mark: allowed ? fullAtUs : 0,
  };
  return { allowed, results: [result] };
}

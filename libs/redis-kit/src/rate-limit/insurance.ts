import type { Limit } from './limit.js';
import type { RateLimitInsurance } from './policy.options.js';
import type { BucketAnswer, BucketRequest, BucketResult } from './stores/bucket-store.js';
import { MemoryBucketStore } from './stores/memory-bucket.store.js';

/** When a request that was denied because Redis is away may try again; a recovery is usually seen before. */
const CLOSED_RETRY_MS = 1_000;

export interface InsuranceOptions {
  readonly onFailure: RateLimitInsurance;
  readonly instances: number;
  readonly insuredKeys: number;
}

/**
 * Decides while Redis is away, for each policy as it says. What is counted here stays here: it is not written to Redis
 * afterwards, so nobody pays twice, and each process allows at most its part of the limit once more.
 */
export class Insurance {
  readonly store: MemoryBucketStore;
  readonly #parts = new WeakMap<Limit, Limit>();

  constructor(private readonly options: InsuranceOptions) {
    this.store = new MemoryBucketStore(options.insuredKeys);
  }

  decide(request: BucketRequest): BucketAnswer {
    const modes = request.limits.map((limit) => limit.onFailure ?? this.options.onFailure);
    const isClosed = modes.includes('closed');
    const local = request.limits.filter((_, at) => modes[at] === 'local');
    const counted = this.store.decide({
      ...request,
      limits: local.map((limit) => this.partOf(limit)),
      // What is denied anyway is not counted.
      counts: request.counts && !isClosed,
    });
    const answers = new Map(local.map((limit, at) => [limit, counted.results[at]!]));
    return {
      allowed: counted.allowed && !isClosed,
      results: request.limits.map(
        (limit, at) => answers.get(limit) ?? unasked(limit, modes[at] === 'open'),
      ),
    };
  }

  /** What of a limit is allowed here. */
  partOf(limit: Limit): Limit {
    let part = this.#parts.get(limit);
    if (!part) {
      const { instances } = this.options;
      const share = (number: number): number =>
        number === 0 ? 0 : Math.max(1, Math.floor(number / instances));
      part = { ...limit, limit: share(limit.limit), most: share(limit.most) };
      if (limit.kind === 'T' && limit.limit > 0) {
        const a = limit.a * instances;
        part = { ...part, a, b: a * part.most };
      }
      this.#parts.set(limit, part);
    }
    return part;
  }
}

function unasked({ limit }: Limit, isOpen: boolean): BucketResult {
  return {
    allowed: isOpen && limit > 0,
    remaining: isOpen ? limit : 0,
    retryAfterMs: isOpen ? 0 : CLOSED_RETRY_MS,
    resetMs: 0,
    blocked: false,
    mark: undefined,
  };
}

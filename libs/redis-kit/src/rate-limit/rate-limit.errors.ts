import { RedisKitError } from '../core/redis-kit.error.js';

/** The request costs more than a policy ever allows at once, so that waiting is no use. Nothing was counted. */
export class RateLimitCostError extends RedisKitError {
  readonly code = 'RATE_LIMIT_COST_TOO_HIGH';

  constructor(
    readonly policy: string,
    readonly cost: number,
    /** The most the policy allows at once. */
    readonly most: number,
  ) {
    super(
      `A request of cost ${cost} can never pass policy '${policy}', which allows at most ${most} at once. ` +
        'Raise its limit (or burst), or split the request.',
    );
  }
}

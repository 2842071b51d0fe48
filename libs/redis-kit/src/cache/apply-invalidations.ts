import { CacheInvalidationError } from './cache.errors.js';
import type { CacheParts } from './cache-parts.js';
import type { Invalidation } from './invalidations.js';

/**
 * Applies invalidations, all of them whatever happens to one; true when one of them found something.
 *
 * Detaches twice: a call that starts while the command travels may have read before the command arrived, and must not
 * be joined by anybody who asks after it has returned. On failure too.
 *
 * @param atOnce how many travel at the same time. When one of these has failed, those behind them are queued unsent: each
 *   would wait for the deadline in vain.
 */
export async function applyInvalidations(
  cache: CacheParts,
  subject: string,
  invalidations: readonly Invalidation[],
  detach: () => void,
  atOnce = invalidations.length,
): Promise<boolean> {
  let isFound = false;
  let failure: PromiseRejectedResult | undefined;
  detach();
  cache.memo?.forget();
  for (let at = 0; at < invalidations.length; at += atOnce) {
    const some = invalidations.slice(at, at + atOnce);
    if (failure) {
      for (const invalidation of some) cache.invalidations.postpone(invalidation);
      continue;
    }
    const results = await Promise.allSettled(some.map((one) => cache.invalidations.apply(one)));
    failure = results.find((result) => result.status === 'rejected');
    isFound ||= results.some((result) => result.status === 'fulfilled' && result.value);
  }
  detach();
  cache.memo?.forget();
  if (failure) throw new CacheInvalidationError(cache.name, subject, { cause: failure.reason });
  return isFound;
}

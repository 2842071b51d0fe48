import { CacheInvalidationError } from './cache.errors.js';
import type { CacheParts } from './cache-parts.js';
import type { Invalidation } from './invalidations.js';

/**
 * Applies invalidations, all of them whatever happens to one; true when one of them found something.
 *
 * Detaches twice: a call that starts while the command travels may have read before the command arrived, and must not
 * be joined by anybody who asks after it has returned. On failure too.
 */
export async function applyInvalidations(
  cache: CacheParts,
  subject: string,
  invalidations: readonly Invalidation[],
  detach: () => void,
): Promise<boolean> {
  detach();
  const results = await Promise.allSettled(
    invalidations.map((invalidation) => cache.invalidations.apply(invalidation)),
  );
  detach();
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw new CacheInvalidationError(cache.name, subject, { cause: failure.reason });
  return results.some((result) => result.status === 'fulfilled' && result.value);
}

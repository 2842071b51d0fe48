import { CachePatternError } from './cache.errors.js';
import type { CacheParts } from './cache-parts.js';
import { closedGlob, escapeGlob } from './glob.js';

/** Options of `invalidatePattern`. */
export interface CachePatternOptions {
  /** Hears after every step how many entries are removed. What it throws ends the removal. */
  readonly onProgress?: ((progress: { readonly removed: number }) => void) | undefined;
}

/** Stands for the caller's part of a key, to tell what the store's key has in front of it and behind it. */
const ANY_KEY = 'k';

/** Removes every entry whose own key matches the glob, and cuts off what is being made meanwhile. */
export async function invalidatePattern(
  cache: CacheParts,
  glob: string,
  { onProgress }: CachePatternOptions,
): Promise<number> {
  const { name, options, store } = cache;
  const frame = cache.entryKey(ANY_KEY);
  const at = frame.lastIndexOf(ANY_KEY);
  const before = escapeGlob(frame.slice(0, at));
  const behind = escapeGlob(frame.slice(at + ANY_KEY.length));
  // The glob is checked as keys are.
  cache.entryKey(glob);
  let removed = 0;
  cache.detachAll();
  try {
    return await store.removeMatching(
      `${before}${closedGlob(glob)}${behind}`,
      options.invalidationDeadlineMs,
      (count) => onProgress?.({ removed: (removed = count) }),
    );
  } catch (cause) {
    throw new CachePatternError(name, glob, removed, { cause });
  } finally {
    cache.detachAll();
  }
}

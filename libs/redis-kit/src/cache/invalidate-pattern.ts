import { CachePatternError } from './cache.errors.js';
import type { CacheParts } from './cache-parts.js';
import { closedGlob, escapeGlob } from './glob.js';

/** Options of `invalidatePattern`. */
export interface CachePatternOptions {
  /** Hears after every step how many entries are removed. What it throws ends the removal. */
  readonly onProgress?: ((progress: { readonly removed: number }) => void) | undefined;
}

/** Removes every entry whose own key matches the glob, and cuts off what is being made meanwhile. */
export async function invalidatePattern(
  cache: CacheParts,
  glob: string,
  { onProgress }: CachePatternOptions,
): Promise<number> {
  const { name, options, store } = cache;
  const pattern = entriesGlob(cache, glob);
  let removed = 0;
  cache.detachAll();
  try {
    return await store.removeMatching(pattern, options.invalidationDeadlineMs, (count) =>
      onProgress?.({ removed: (removed = count) }),
    );
  } catch (cause) {
    throw new CachePatternError(name, glob, removed, { cause });
  } finally {
    cache.detachAll();
  }
}

/** The keys that match the glob, as they were given; those that are stored by a digest cannot be told, and are left out. */
export async function* keysMatching(cache: CacheParts, glob: string): AsyncGenerator<string> {
  const [before, behind] = frameOf(cache);
  const { store, options } = cache;
  for await (const keys of store.keys(entriesGlob(cache, glob), options.invalidationDeadlineMs)) {
    for (const key of keys) {
      const own = key.slice(before.length, key.length - behind.length);
      if (!own.startsWith('~')) yield own;
    }
  }
}

/** The glob of whole keys for one of the application's keys. */
function entriesGlob(cache: CacheParts, glob: string): string {
  // The glob is checked as keys are.
  cache.entryKey(glob);
  const [before, behind] = frameOf(cache);
  return `${escapeGlob(before)}${closedGlob(glob)}${escapeGlob(behind)}`;
}

/** What stands in front of the application's part of a key, and behind it. */
function frameOf(cache: CacheParts): readonly [before: string, behind: string] {
  const anyKey = 'k';
  const frame = cache.entryKey(anyKey);
  const at = frame.lastIndexOf(anyKey);
  return [frame.slice(0, at), frame.slice(at + anyKey.length)];
}

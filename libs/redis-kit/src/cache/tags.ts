import { inspect } from 'node:util';
import { CacheKeyError } from './cache.errors.js';
import { MAX_TAGS } from './entry.js';

const MAX_TAG_BYTES = 512;

export const NO_TAGS: ReadonlySet<string> = new Set();

/**
 * Tags without repetitions.
 *
 * @throws CacheKeyError when one is empty or too long, or when there are too many.
 */
export function tagSet(tags: readonly string[] | undefined): ReadonlySet<string> {
  if (tags === undefined || tags.length === 0) return NO_TAGS;
  if (!Array.isArray(tags))
    throw new CacheKeyError(`Tags are a list of texts, got ${inspect(tags)}`);
  const set = new Set(tags);
  if (set.size > MAX_TAGS) {
    throw new CacheKeyError(`A value has at most ${MAX_TAGS} tags, got ${set.size}`);
  }
  for (const tag of set) {
    if (typeof tag !== 'string' || tag === '' || Buffer.byteLength(tag) > MAX_TAG_BYTES) {
      throw new CacheKeyError(
        `A tag is text of 1 to ${MAX_TAG_BYTES} bytes, got ${inspect(tag).slice(0, 80)}`,
      );
    }
  }
  return set;
}

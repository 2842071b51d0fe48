/** A part that tells one thing from others of its kind: a hash tag, a number, a digest, a name with `@`. */
const IDENTIFIES = /[{}@]|\d{3,}|^\d+$|^[\da-f-]{16,}$|^.{40,}$/i;
const MOST_PARTS = 4;

/** What keys without a prefix are counted under. */
export const NO_PREFIX = '(no prefix)';

/**
 * What a key has in common with others of its kind: its parts between colons up to the first that identifies, and never
 * the last one. `shop:production:v1:lock:{order-42}` is of `shop:production:v1:lock`.
 */
export function prefixOf(key: string, namespace: string): string {
  // The application's own namespace is common to its keys, whatever it looks like.
  const isOurs = key.startsWith(`${namespace}:`);
  const parts = (isOurs ? key.slice(namespace.length + 1) : key).split(':');
  const common: string[] = isOurs ? [namespace] : [];
  for (const part of parts.slice(0, -1)) {
    if (common.length === MOST_PARTS || IDENTIFIES.test(part)) break;
    common.push(part);
  }
  return common.length === 0 ? NO_PREFIX : common.join(':');
}

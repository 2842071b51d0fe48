import { hash } from 'node:crypto';
import type { KeySpace } from '../core/key-space.js';
import { versionSuffix } from './schema-version.js';

/** Keys longer than this are hashed: a long key costs memory and time in every command that names it. */
const MAX_KEY_BYTES = 512;
const TILDE = 0x7e;
const NOT_UNICODE = /\p{Surrogate}/u;

/** `<namespace>:v1:cache:{<cache>:<key>}[:<version>]` — one entry or lease; of version 1 without it (string, expires). */
export const cacheEntryKey = (entriesPrefix: string, key: string, versionSuffix = ''): string =>
  // Prefix and suffix are made once a cache, because hits are many.
  `${entriesPrefix}${boundedKey(key)}}${versionSuffix}`;

/** `<namespace>:v1:cache-refresh:{<cache>:<key>}[:<version>]` — who makes a stale value anew, or that it failed (string, expires). */
export function cacheRefreshKey(
  keySpace: KeySpace,
  cache: string,
  key: string,
  version?: number,
): string {
  const entity = `${escapeName(cache)}:${boundedKey(key)}`;
  return `${keySpace.key('cache-refresh', entity)}${versionSuffix(version)}`;
}

/** `<namespace>:v1:cache-tag:{<cache>:<tag>}` — the current token of a tag (string, expires). */
export function cacheTagKey(keySpace: KeySpace, cache: string, tag: string): string {
  return keySpace.key('cache-tag', `${escapeName(cache)}:${boundedKey(tag)}`);
}

/** `<namespace>:v1:cache-epoch:{<cache>}` — the token that all entries of a cache depend on (string, expires). */
export function cacheEpochKey(keySpace: KeySpace, cache: string): string {
  return keySpace.key('cache-epoch', cache);
}

/** `<namespace>:v1:cache-warm:{<cache>:<warm-up>}` — who warms, and that it was done (string, expires). */
export function cacheWarmKey(keySpace: KeySpace, cache: string, warmUp: string): string {
  return keySpace.key('cache-warm', `${escapeName(cache)}:${boundedKey(warmUp)}`);
}

/** `<namespace>:v1:cache-` — what the keys of all tokens, and of nothing else that is kept, begin with. */
export function cacheTokensPrefix(keySpace: KeySpace): string {
  return keySpace.prefix('cache-');
}

/** `<namespace>:v1:cache:{<cache>:` — what the keys of a cache's entries begin with. */
export function cacheEntriesPrefix(keySpace: KeySpace, cache: string): string {
  // Without the closing brace of the hash tag.
  return keySpace.key('cache', `${escapeName(cache)}:`).slice(0, -1);
}

/** Keeps the end of a cache's name recognisable: `b:c` of cache `a` is not `c` of cache `a:b`. */
const escapeName = (cache: string): string => cache.replace(/[%:]/g, encodeURIComponent);

/**
 * The key itself, or `~`, its readable beginning and a 256-bit digest: when it is too long, when it begins with `~` (or
 * it could imitate a digest), and when it is no well-formed Unicode, of which UTF-8 makes one and the same.
 */
function boundedKey(key: string): string {
  // No character of a string takes more than three bytes.
  const isShort = key.length * 3 <= MAX_KEY_BYTES || Buffer.byteLength(key) <= MAX_KEY_BYTES;
  if (isShort && key.charCodeAt(0) !== TILDE && !NOT_UNICODE.test(key)) return key;
  return `~${key.slice(0, 64)}~${hash('sha256', JSON.stringify(key), 'base64url')}`;
}

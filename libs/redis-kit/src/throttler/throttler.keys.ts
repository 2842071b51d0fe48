import { hash } from 'node:crypto';
import type { KeySpace } from '../core/key-space.js';

/** Longer ones are hashed. The guard of @nestjs/throttler makes digests of 64 characters. */
const LONGEST_NAME = 200;

/** `<namespace>:v1:throttler:{<throttler>:<key>}` — hits that count, in runs that expire together (list, expires). */
export function throttlerHitsKey(keySpace: KeySpace, throttler: string, key: string): string {
  return keySpace.key('throttler', entity(throttler, key));
}

/** `<namespace>:v1:throttler:{<throttler>:<key>}:state` — number of hits, or the end of a block (hash, expires). */
export function throttlerStateKey(keySpace: KeySpace, throttler: string, key: string): string {
  return keySpace.key('throttler', entity(throttler, key), 'state');
}

function entity(throttler: string, key: string): string {
  const name = `${throttler.replace(/[%:]/g, encodeURIComponent)}:${key}`;
  const isPlain = name.length <= LONGEST_NAME && !/^~|\p{Surrogate}/u.test(name);
  return isPlain ? name : `~${hash('sha256', JSON.stringify(name), 'base64url')}`;
}

import { hash } from 'node:crypto';
import type { KeySpace } from '../core/key-space.js';

/** 132 bits: no two trackers meet, and none can choose its neighbours. */
const DIGEST_LENGTH = 22;

/**
 * `<namespace>:v1:rate-limit:{<tracker>}:<kind>:<policy>` — what a policy has counted (string, list, hash or sorted set,
 * expires). The tracker is a digest, so any text is one, and no address or API key stands in Redis.
 */
export function rateLimitBucketKey(
  keySpace: KeySpace,
  tracker: string,
  kind: string,
  policy: string,
): string {
  return keySpace.key('rate-limit', tracker, `${kind}:${policy}`);
}

/** `<namespace>:v1:rate-limit:{<tracker>}:blocks` — what of a tracker is blocked (hash, expires). */
export function rateLimitBlocksKey(keySpace: KeySpace, tracker: string): string {
  return keySpace.key('rate-limit', tracker, 'blocks');
}

/** The digest that stands for a tracker in keys. */
export function trackerDigest(tracker: string): string {
  // Not UTF-8, in which different texts with lone surrogates are the same.
  return hash('sha256', Buffer.from(tracker, 'utf16le'), 'base64url').slice(0, DIGEST_LENGTH);
}

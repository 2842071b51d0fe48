import type { KeySpace } from '../core/key-space.js';

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

import { hash } from 'node:crypto';

/** 132 bits: no two trackers meet, and none can choose its neighbours. */
const DIGEST_LENGTH = 22;

/** The digest that stands for a tracker in keys. */
export function trackerDigest(tracker: string): string {
  // Not UTF-8, in which different texts with lone surrogates are the same.
  return hash('sha256', Buffer.from(tracker, 'utf16le'), 'base64url').slice(0, DIGEST_LENGTH);
}

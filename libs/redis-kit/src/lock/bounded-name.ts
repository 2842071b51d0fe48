import { hash } from 'node:crypto';

/** Names longer than this are hashed: a long key costs memory and time in every command that names it. */
const MAX_NAME_BYTES = 512;

/** The name itself, or its readable beginning and a digest: when it is too long, or could imitate one. */
export function boundedName(name: string): string {
  if (isShort(name) && !/^~|\p{Surrogate}/u.test(name)) return name;
  return `~${name.slice(0, 64)}~${hash('sha256', JSON.stringify(name), 'base64url')}`;
}

/** A character takes three bytes at most: only of a longer one the bytes have to be counted. */
const isShort = (name: string): boolean =>
  name.length * 3 <= MAX_NAME_BYTES || Buffer.byteLength(name) <= MAX_NAME_BYTES;

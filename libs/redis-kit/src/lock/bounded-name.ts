import { hash } from 'node:crypto';

/** Names longer than this are hashed: a long key costs memory and time in every command that names it. */
const MAX_NAME_BYTES = 512;

/** The name itself, or its readable beginning and a digest: when it is too long, or could imitate one. */
export function boundedName(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES && !/^~|\p{Surrogate}/u.test(name)) return name;
  return `~${name.slice(0, 64)}~${hash('sha256', JSON.stringify(name), 'base64url')}`;
}

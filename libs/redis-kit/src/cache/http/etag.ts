import { hash } from 'node:crypto';

/** A validator made of what is sent (RFC 9110 §8.8.3). 128 bits of SHA-256: enough to tell versions of one page apart. */
export function etagOf(parts: readonly string[], strength: 'strong' | 'weak'): string {
  const digest = hash('sha256', JSON.stringify(parts), 'buffer').subarray(0, 16);
  return `${strength === 'weak' ? 'W/' : ''}"${digest.toString('base64url')}"`;
}

/** True when the client has this version: weak comparison, or `*` (RFC 9110 §13.1.2). */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string | undefined): boolean {
  if (ifNoneMatch === undefined || etag === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = (tag: string) => tag.replace(/^W\//, '');
  return (ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => opaque(tag) === opaque(etag));
}

import type { KeySpace } from '../core/key-space.js';
import type { SessionPlace } from './session-id.js';

/** `<namespace>:v1:session:{<tag>}:s:<handle>` — a session: facts about it, then its data as JSON (string, expires when idle or at its absolute end). */
export function sessionKey(keySpace: KeySpace, { tag, handle }: SessionPlace): string {
  return keySpace.key('session', tag, `s:${handle}`);
}

/** `<namespace>:v1:session:{<tag>}:g:<handle>` — digest of the secret before a renewal (string, expires after the grace). */
export function sessionGraceKey(keySpace: KeySpace, { tag, handle }: SessionPlace): string {
  return keySpace.key('session', tag, `g:${handle}`);
}

/** `<namespace>:v1:session:{<tag>}:i` — sessions of a user by when they expire (sorted set, expires with the last). */
export function sessionIndexKey(keySpace: KeySpace, tag: string): string {
  return keySpace.key('session', tag, 'i');
}

/** `<namespace>:v1:session:{<tag>}:d` — when, on what device and last seen when, of each session of a user (hash, expires with the last). */
export function sessionDevicesKey(keySpace: KeySpace, tag: string): string {
  return keySpace.key('session', tag, 'd');
}

/** `<namespace>:v1:session:{<tag>}:e` — epoch of a user; sessions of another one are dead (string, expires with the last). */
export function sessionEpochKey(keySpace: KeySpace, tag: string): string {
  return keySpace.key('session', tag, 'e');
}

/** `<namespace>:v1:session:{<tag>}:r` — all sessions of the user were revoked: none of another format is taken over (string, expires as a session does). */
export function sessionRevokedKey(keySpace: KeySpace, tag: string): string {
  return keySpace.key('session', tag, 'r');
}

/** `<namespace>:v1:session:{<tag>}:s:` — what the keys of all sessions of a tag begin with. */
export function sessionsPrefix(keySpace: KeySpace, tag: string): string {
  return keySpace.key('session', tag, 's:');
}

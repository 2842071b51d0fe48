import type { KeySpace } from '../core/key-space.js';
import { boundedName } from './bounded-name.js';

/** What permits are for: semaphores and read/write locks of the same name do not meet. */
export type PermitKind = 'semaphore' | 'read-write';

/** `<namespace>:v1:<semaphore|read-write>:{<name>}:holders` — who holds, by the end of its lease (sorted set, expires). */
export function permitHoldersKey(keySpace: KeySpace, kind: PermitKind, name: string): string {
  return keySpace.key(kind, boundedName(name), 'holders');
}

/** `<namespace>:v1:<semaphore|read-write>:{<name>}:queue` — who waits, by ticket (sorted set, expires). */
export function permitQueueKey(keySpace: KeySpace, kind: PermitKind, name: string): string {
  return keySpace.key(kind, boundedName(name), 'queue');
}

/** `<namespace>:v1:<semaphore|read-write>:{<name>}:processes` — until when each waiting process counts as alive (hash, expires). */
export function permitProcessesKey(keySpace: KeySpace, kind: PermitKind, name: string): string {
  return keySpace.key(kind, boundedName(name), 'processes');
}

/** `<namespace>:v1:<semaphore|read-write>:{<name>}:meta` — last fence, fences of the holders, limit if it was resized (hash, expires). */
export function permitMetaKey(keySpace: KeySpace, kind: PermitKind, name: string): string {
  return keySpace.key(kind, boundedName(name), 'meta');
}

/** `<namespace>:v1:<semaphore|read-write>:{<name>}:refused` — ids that were cancelled or ran out, and may still be asked for (sorted set, expires after a minute). */
export function permitRefusedKey(keySpace: KeySpace, kind: PermitKind, name: string): string {
  return keySpace.key(kind, boundedName(name), 'refused');
}

/** `<namespace>:v1:latch:{<name>}` — who has counted down (set, expires with the latch's ttl). */
export function latchKey(keySpace: KeySpace, name: string): string {
  return keySpace.key('latch', boundedName(name));
}

/** `<namespace>:v1:latch:{<name>}:open` — channel that tells when a latch opens. */
export function latchChannel(keySpace: KeySpace, name: string): string {
  return keySpace.key('latch', boundedName(name), 'open');
}

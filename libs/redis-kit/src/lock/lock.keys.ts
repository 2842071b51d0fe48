import type { KeySpace } from '../core/key-space.js';
import { boundedName } from './bounded-name.js';

/** `<namespace>:v1:lock:{<name>}` — holder, fence and end of a lease (string, expires ten minutes after its last use). */
export function lockKey(keySpace: KeySpace, name: string): string {
  return keySpace.key('lock', boundedName(name));
}

/** `<namespace>:v1:lock:{<name>}:queue` — who waits, by ticket (sorted set, expires ten minutes after its last use). */
export function lockQueueKey(keySpace: KeySpace, name: string): string {
  return keySpace.key('lock', boundedName(name), 'queue');
}

/** `<namespace>:v1:lock:{<name>}:processes` — until when waiting processes count as alive (hash, expires in the same way). */
export function lockProcessesKey(keySpace: KeySpace, name: string): string {
  return keySpace.key('lock', boundedName(name), 'processes');
}

/** `<namespace>:v1:lock:{<name>}:cancelled` — requests that are refused should they still arrive (hash, expires after a minute). */
export function lockCancelledKey(keySpace: KeySpace, name: string): string {
  return keySpace.key('lock', boundedName(name), 'cancelled');
}

/** `<namespace>:v1:lock-wake:` — what the names of all processes' channels begin with. */
export function lockChannelsPrefix(keySpace: KeySpace): string {
  return `${keySpace.prefix('lock-wake')}:`;
}

/** `<namespace>:v1:job-tick:{<job>}` — the tick that the processes meet at now (string, expires with its window). */
export function jobTickKey(keySpace: KeySpace, job: string): string {
  return keySpace.key('job-tick', boundedName(job));
}

/** `<namespace>:v1:job-done:{<job>}:<tick>` — a tick that needs nobody to step in (string, expires in an hour). */
export function jobDoneKey(keySpace: KeySpace, job: string, tick: string): string {
  return keySpace.key('job-done', boundedName(job), tick);
}

/** `<namespace>:v1:fenced:{<name>}` — a value and the fence of who wrote it (hash, expires as its writer said). */
export function fencedKey(keySpace: KeySpace, name: string): string {
  return keySpace.key('fenced', boundedName(name));
}

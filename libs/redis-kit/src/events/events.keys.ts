import type { KeySpace } from '../core/key-space.js';

const partitionTag = (partition: number): string => `p${partition}`;

/** `<namespace>:v1:events:{p<n>}:log` — what is kept of a partition (stream, expires `events.retention` after its last event). */
export function eventLogKey(keySpace: KeySpace, partition: number): string {
  return keySpace.key('events', partitionTag(partition), 'log');
}

/** `<namespace>:v1:events:{p<n>}:kept` — where events of the log are sent (sharded channel). */
export function keptChannel(keySpace: KeySpace, partition: number): string {
  return keySpace.key('events', partitionTag(partition), 'kept');
}

/** `<namespace>:v1:events:{p<n>}:passing` — where events that are not kept are sent (sharded channel). */
export function passingChannel(keySpace: KeySpace, partition: number): string {
  return keySpace.key('events', partitionTag(partition), 'passing');
}

import type { KeySpace } from '../../core/key-space.js';

/** `<namespace>:v1:channels:{<group>}:group` — where messages to a group are sent (sharded channel). */
export function groupAddress(keySpace: KeySpace, group: string): string {
  return keySpace.key('channels', group, 'group');
}

/** `<namespace>:v1:channels:{<process>}:process` — where messages to the channels of a process are sent (sharded channel). */
export function processAddress(keySpace: KeySpace, process: string): string {
  return keySpace.key('channels', process, 'process');
}

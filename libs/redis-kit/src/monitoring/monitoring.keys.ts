import type { KeySpace } from '../core/key-space.js';

/** `<namespace>:v1:health:{<probe>}` — written by a health check to see whether writes are taken (string, expires). */
export function healthProbeKey(keySpace: KeySpace, probe: string): string {
  return keySpace.key('health', probe);
}

import type { KeySpace } from '../key-space.js';

/** `<namespace>:v1:cache-probe:{<process>-<n>}:<number>` — a probe of the tracking links (string, expires in seconds). */
export function trackingProbeKey(keySpace: KeySpace, process: string, number: number): string {
  return keySpace.key('cache-probe', process, String(number));
}

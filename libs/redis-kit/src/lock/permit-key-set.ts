import type { KeySpace } from '../core/key-space.js';
import {
  permitHoldersKey,
  permitMetaKey,
  permitProcessesKey,
  permitQueueKey,
  permitRefusedKey,
  type PermitKind,
} from './permit.keys.js';

export interface PermitKeys {
  readonly holders: string;
  readonly queue: string;
  readonly processes: string;
  readonly meta: string;
  readonly refused: string;
}

/** All keys of one name. They share a slot. */
export function permitKeys(keySpace: KeySpace, kind: PermitKind, name: string): PermitKeys {
  return {
    holders: permitHoldersKey(keySpace, kind, name),
    queue: permitQueueKey(keySpace, kind, name),
    processes: permitProcessesKey(keySpace, kind, name),
    meta: permitMetaKey(keySpace, kind, name),
    refused: permitRefusedKey(keySpace, kind, name),
  };
}

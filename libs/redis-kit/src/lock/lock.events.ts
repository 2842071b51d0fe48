import '../core/events.js';
import type { LockLostReason } from './lock.errors.js';
import type { HoldKind } from './stores/hold-store.js';

declare module '../core/events.js' {
  interface RedisKitEventMap {
    /** Somebody else holds it, and the call queued. */
    'lock.queued': { name: string; kind: HoldKind };
    /** It is held from now on. */
    'lock.acquired': { name: string; kind: HoldKind; fence: number; waitedMs: number };
    /** The wait ended without it: in `timeout`, or by its signal or the shutdown. */
    'lock.abandoned': {
      name: string;
      kind: HoldKind;
      reason: 'timeout' | 'aborted' | 'failed';
      waitedMs: number;
    };
    /** It was given back. */
    'lock.released': { name: string; kind: HoldKind; fence: number; heldMs: number };
    /** It can no longer be trusted although nobody gave it back. */
    'lock.lost': {
      name: string;
      kind: HoldKind;
      fence: number;
      reason: LockLostReason;
      heldMs: number;
    };
    /** This process leads from now on. */
    'lock.elected': { name: string; fence: number };
    /** It leads no more, and its work has ended. */
    'lock.resigned': { name: string; fence: number };
    /** A tick of a job was left to another process, or its previous run has not ended. */
    'job.skipped': { job: string; reason: 'elsewhere' | 'overlap' };
  }
}

import type { LogEntry } from '../event.js';
import type { PartitionPlace } from '../stream-name.js';

/** What one group reads: the log of a partition, or one stream of it. */
export interface GroupPlace extends PartitionPlace {
  readonly group: string;
  /** Undefined: the whole log. */
  readonly stream: string | undefined;
}

/** One event handed to the owner of a partition. */
export interface GroupEntry {
  /** From the log, or sent back from the dead letters. */
  readonly origin: 'log' | 'retry';
  readonly id: string;
  /** Undefined: it was trimmed before it was handled. */
  readonly event: LogEntry | undefined;
  /**
   * How often it failed, or was handled alone when the process ended; 0: it was one of several that were handled then.
   * Undefined: nothing is known against it.
   */
  readonly attempts: number | undefined;
}

export type Grant =
  | { readonly isGranted: false; readonly freeInMs: number }
  | {
      readonly isGranted: true;
      readonly fence: string;
      /** Id of the last event that was delivered to the group. */
      readonly delivered: string;
      /** What is pending was never begun, or is in the hands of this very owner. */
      readonly isClean: boolean;
    };

export interface Acks {
  readonly log: readonly string[];
  readonly retry: readonly string[];
}

export interface StepRequest {
  readonly fence: string;
  readonly leaseMs: number;
  readonly room: number;
  /** `'>'`: new events; an id: what is pending after it. */
  readonly after: string;
  /** Empty: what was sent back is not read. */
  readonly retryAfter: string;
  readonly acks: Acks;
}

export type StepReply =
  | { readonly outcome: 'lost' | 'no-group' }
  | { readonly outcome: 'ok'; readonly entries: readonly GroupEntry[] };

export type BurialReason = 'failed' | 'exhausted' | 'undecodable';

/** Why an event is a dead letter. */
export interface Burial {
  readonly reason: BurialReason;
  readonly message: string;
  readonly attempts: number;
}

/** A dead letter as it is stored. */
export interface RawLetter extends Burial {
  readonly id: string;
  readonly buriedAtMs: number;
  readonly event: LogEntry;
}

export interface GroupStatus {
  /** The number of the last event of the log. */
  readonly ordinal: number;
  /** Empty: there is no such group. */
  readonly delivered: string;
  readonly pending: number;
  readonly owner: string;
  readonly leaseLeftMs: number;
  readonly deadLetters: number;
  /** Id, which begins with the time of the burial; empty: there is none. */
  readonly oldestDeadLetter: string;
  readonly sentBack: number;
  readonly serverMs: number;
}

/** What groups keep: who owns a partition, what is handed out, what failed. */
export interface GroupStorage {
  acquire(
    at: GroupPlace,
    request: { readonly owner: string; readonly leaseMs: number; readonly start: 'start' | 'end' },
  ): Promise<Grant>;
  step(at: GroupPlace, request: StepRequest): Promise<StepReply>;
  /** False: somebody else is the owner. */
  mark(at: GroupPlace, fence: string, id: string, attempts: number): Promise<boolean>;
  bury(
    at: GroupPlace,
    fence: string,
    entry: GroupEntry,
    burial: Burial,
  ): Promise<'buried' | 'gone' | 'lost'>;
  release(at: GroupPlace, fence: string): Promise<boolean>;
  /** How many processes take part; with a life of 0 this one no longer does. */
  join(category: string, group: string, member: string, ttlMs: number): Promise<number>;
  status(at: GroupPlace): Promise<GroupStatus>;
  letters(at: GroupPlace, after: string, limit: number): Promise<RawLetter[]>;
  letter(at: GroupPlace, id: string): Promise<RawLetter | undefined>;
  replay(at: GroupPlace, ids: readonly string[]): Promise<number>;
  discard(at: GroupPlace, ids: readonly string[]): Promise<number>;
}

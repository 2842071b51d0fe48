import type { ExpectedVersion } from '../append-options.js';
import type { LogEntry, RawEvent } from '../event.js';
import type { PartitionPlace, StreamPlace } from '../stream-name.js';

/** The position before the first event of every log. */
export const START = '0-0';

/** An event with its id, encoded. */
export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Buffer;
  readonly meta: Buffer;
}

export interface AppendRequest {
  readonly place: StreamPlace;
  readonly partitions: number;
  readonly events: readonly EncodedEvent[];
  readonly expected: Exclude<ExpectedVersion, 'no-stream'>;
  /** Empty: not checked. */
  readonly lastEventId: string;
}

export type AppendReply =
  | {
      readonly outcome: 'appended';
      readonly version: number;
      readonly lastEventId: string;
      readonly position: string;
    }
  | { readonly outcome: 'duplicate'; readonly version: number; readonly lastEventId: string }
  | { readonly outcome: 'conflict' | 'diverged' | 'reused'; readonly actual: number }
  | { readonly outcome: 'partitions'; readonly stored: number };

/** A snapshot as it is stored. */
export interface RawSnapshot {
  readonly version: number;
  /** Id of the event at that version. */
  readonly eventId: string;
  readonly state: Buffer;
}

/** A way to have an append confirmed by replicas. */
export interface Replication {
  readonly replicas: number;
  readonly timeoutMs: number;
}

/** Where events are kept: in Redis, or in memory for tests. */
export interface EventStorage {
  /** The number of partitions a category has; the first to ask decides it. */
  partitions(category: string, wanted: number): Promise<number>;
  append(request: AppendRequest): Promise<AppendReply>;
  /** The same, and how many replicas have confirmed what was written until now. */
  appendReplicated(
    request: AppendRequest,
    replication: Replication,
  ): Promise<{ reply: AppendReply; replicas: number }>;
  /** Events of a stream from a version on, in this direction. */
  readStream(
    place: StreamPlace,
    from: number,
    direction: 'forward' | 'backward',
    limit: number,
  ): Promise<RawEvent[]>;
  /** Entries of a log after a position. */
  readLog(place: PartitionPlace, after: string, limit: number): Promise<LogEntry[]>;
  /** The same; when there are none, whoever watches is told of the next append. */
  readLogOrWait(place: PartitionPlace, after: string, limit: number): Promise<LogEntry[]>;
  /** The position of the last event of a log. */
  end(place: PartitionPlace): Promise<string>;
  /** Calls `wake` when there is more in a partition for somebody who found nothing; it may call too often. */
  watch(place: PartitionPlace, wake: () => void): { readonly ready: Promise<void>; close(): void };
  saveSnapshot(place: StreamPlace, schema: number, snapshot: RawSnapshot): Promise<boolean>;
  /** The snapshot of this schema, if it belongs to the stream's history, and events after it. */
  load(
    place: StreamPlace,
    schema: number,
    limit: number,
  ): Promise<{ snapshot: RawSnapshot | undefined; events: RawEvent[] }>;
  /** How many entries were removed. */
  trim(place: PartitionPlace, keep: number): Promise<number>;
  close(): Promise<void>;
}

import type { Duration } from '../core/duration.js';

/**
 * What the stream has to be like for an append: at this version (`0`, the same as `'no-stream'`: not there), there
 * (`'exists'`), or anything (`'any'`).
 */
export type ExpectedVersion = number | 'any' | 'no-stream' | 'exists';

/** What has to be true of an append before it is reported as done. */
export interface Durability {
  /** So many replicas have confirmed it. */
  readonly waitReplicas: number;
  /**
   * Longest wait for them.
   * @default '1s'
   */
  readonly timeout?: Duration | undefined;
}

/** Options of `EventStore.append`. */
export interface AppendOptions {
  /** @default 'any' */
  readonly expectedVersion?: ExpectedVersion | undefined;
  /**
   * Id of the event at the expected version. With it an append is refused that was decided on events a failover lost,
   * even when others have taken their versions since.
   */
  readonly lastEventId?: string | undefined;
  /** @default `streams.durability`, else none */
  readonly durability?: Durability | undefined;
}

/** What an append came to. */
export interface AppendResult {
  readonly stream: string;
  /** Version of the last of the events; the expected version of the next append. */
  readonly version: number;
  /** Id of the last of the events. */
  readonly lastEventId: string;
  /** All of them were appended before, by a call whose answer was lost. */
  readonly isDuplicate: boolean;
  /** Where the last of them stands in the log of its partition; undefined for a duplicate. */
  readonly position: string | undefined;
  /** How many replicas confirmed it; undefined when none were asked for. */
  readonly replicas: number | undefined;
}

/** An event to append. */
export interface NewEvent<Data = unknown> {
  /** What makes a repeated append harmless; letters, digits and `._:-`, up to 64. @default a random UUID */
  readonly id?: string | undefined;
  /** In the past tense, such as `OrderPlaced`. */
  readonly type: string;
  readonly data: Data;
  /** What is not about the domain: who caused it, by which request. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** An event that is stored. */
export interface StoredEvent<Data = unknown> {
  readonly id: string;
  readonly type: string;
  /** Of the form that its type has now: older ones have been brought to it. */
  readonly data: Data;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly stream: string;
  /** Its number in the stream, from 1. */
  readonly version: number;
  /** When it was appended, by the clock of the Redis server. */
  readonly recordedAt: Date;
}

/** An event read from the log of a category. */
export interface LoggedEvent<Data = unknown> extends StoredEvent<Data> {
  readonly category: string;
  readonly partition: number;
  /** Where it stands in the log of its partition: `<epoch>-<ordinal>`. */
  readonly position: string;
}

/** Bytes and text of a stored event, as they are in Redis. */
export interface RawEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly version: number;
  readonly recordedAtMs: number;
  readonly data: Buffer;
  /** Schema version and metadata; empty when they are 1 and none. */
  readonly meta: Buffer;
}

/** An entry of a partition's log. */
export interface LogEntry extends RawEvent {
  readonly position: string;
}

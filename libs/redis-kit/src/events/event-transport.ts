import type { EventGap } from './gap.js';

/** Takes what comes from other processes, and from this one. */
export interface EventSink {
  /** An event that is not kept. */
  passing(partition: number, frame: Buffer): void;
  /** An event that is kept, as soon as it comes. Between two of them, some may be missing. */
  live(partition: number, entry: string, frame: Buffer): void;
  /** An event that is kept, in its turn: all of them come, once, or there is a gap. */
  kept(partition: number, entry: string, frame: Buffer): void;
  gap(gap: EventGap): void;
  /** So many events were missed live, and read from the history. */
  recovered(partition: number, events: number, durationMs: number): void;
  /** Most entries to be read at a time. */
  readonly page: number;
  /** Resolves when so many kept events can be taken. */
  room(events: number): Promise<void>;
}

export interface Listening {
  /** Resolves when nothing that is published from now on is missed. */
  readonly ready: Promise<void>;
  close(): void;
}

/** How events get from one process to the others. */
export abstract class EventTransport {
  /** Sends an event to who listens now. */
  abstract send(partition: number, frame: Buffer): Promise<void>;
  /** Appends an event to the history, and sends it. Resolves with its entry. */
  abstract keep(partition: number, frame: Buffer): Promise<string>;
  /** Hears what passes by, until it is closed. */
  abstract listen(sink: EventSink): Listening;
  /** Hears what is kept, in order and without a miss that is not told, until it is closed. */
  abstract follow(sink: EventSink): Listening;
  /** Ends what runs in the background. */
  abstract close(): void;
}

import type { Frame } from './frame.js';

/** An event that came, before a handler has decoded it. */
export interface IncomingEvent extends Frame {
  /** Its entry in the history; undefined when its publisher does not keep it. */
  readonly entry: string | undefined;
  readonly partition: number;
  /** It was published by this process. */
  readonly isOwn: boolean;
}

/** What a handler is told about an event, beside its payload. */
export interface RedisEvent {
  /** Such as `orders.created`. */
  readonly name: string;
  /** Different for every event. */
  readonly id: string;
  /** What it is ordered by: events with the same key are handled in the order they were published in. */
  readonly key: string;
  /** True when it is kept in the history, so that recoverable handlers do not miss it. */
  readonly isKept: boolean;
  /** True when this process published it. */
  readonly isOwn: boolean;
  /** W3C trace context of the publisher. */
  readonly traceparent: string | undefined;
}

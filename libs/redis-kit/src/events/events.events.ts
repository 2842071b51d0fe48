import '../core/events.js';
import type { EventGapReason } from './gap.js';

declare module '../core/events.js' {
  interface RedisKitEventMap {
    /** A handler of the bus is done with an event. */
    'bus.handled': { event: string; handler: string; durationMs: number };
    /** A handler of the bus threw or rejected. The event counts as handled; other handlers do not notice. */
    'bus.handler-failed': { event: string; handler: string; message: string };
    /** A payload could not be read, or is not what the handler declared. The handler was not called. */
    'bus.refused': { event: string; handler: string; message: string };
    /** A message on a channel of the bus is not an event. */
    'bus.unreadable': { partition: number };
    /** The queue of a handler was full, and this event fell out. */
    'bus.dropped': { event: string; handler: string };
    /** It cannot be proved that recoverable handlers saw everything of this partition up to here. */
    'bus.gap': { partition: number; reason: EventGapReason; from: string; to: string };
    /** Events that were missed live were read from the history, in order. */
    'bus.recovered': { partition: number; events: number; durationMs: number };
    /** A recoverable handler was given an event that its publisher does not keep: another one of this name could be missed. Once per name. */
    'bus.not-kept': { event: string; handler: string };
  }
}

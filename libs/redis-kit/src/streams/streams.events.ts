import '../core/events.js';

declare module '../core/events.js' {
  interface RedisKitEventMap {
    /** Events were appended to a stream, or had been by an append whose answer was lost. */
    'stream.appended': {
      stream: string;
      version: number;
      count: number;
      isDuplicate: boolean;
      durationMs: number;
    };
    /** An aggregate was saved, and its snapshot could not be. */
    'stream.snapshot-failed': { stream: string; message: string };
    /** A subscription could not read, and goes on trying. */
    'stream.read-failed': { category: string; partition: number; message: string };
    /**
     * A reader did not get events: they were trimmed before it came to them, or a failover lost them after it had them
     * (`rolled-back`). `group` is empty for a subscription.
     */
    'stream.gap': {
      category: string;
      partition: number;
      group: string;
      kind: 'trimmed' | 'rolled-back';
      count: number;
    };
    /** This process owns a partition for a group from now on. */
    'stream.partition-acquired': {
      category: string;
      partition: number;
      group: string;
      owner: string;
    };
    /** Another process owns it, or did meanwhile: this one was silent for longer than its lease. */
    'stream.partition-lost': {
      category: string;
      partition: number;
      group: string;
      owner: string;
    };
    /** Redis did not answer a consumer, or refused; it goes on trying. */
    'stream.consumer-failed': {
      category: string;
      partition: number;
      group: string;
      message: string;
    };
    /** An event was handled by all handlers of a group that want it. */
    'stream.handled': { category: string; group: string; type: string; durationMs: number };
    /** The handling of an event failed and is tried again; `id` is the event's. */
    'stream.retried': {
      category: string;
      group: string;
      stream: string;
      type: string;
      id: string;
      attempts: number;
      retryInMs: number;
      message: string;
    };
    /**
     * An event was given up: its handling failed too often (`failed`) or ended the process too often (`exhausted`), or its
     * payload cannot be read (`undecodable`).
     */
    'stream.dead-lettered': {
      category: string;
      group: string;
      stream: string;
      type: string;
      id: string;
      reason: 'failed' | 'exhausted' | 'undecodable';
      attempts: number;
      message: string;
    };
  }
}

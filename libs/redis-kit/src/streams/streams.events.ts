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
  }
}

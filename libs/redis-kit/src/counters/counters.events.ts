import '../core/events.js';

declare module '../core/events.js' {
  interface RedisKitEventMap {
    /**
     * Counts of `tally` were lost. `full`: too many different counters waited for Redis; `unanswered`: they were sent,
     * Redis did not answer, and they are not sent again because they may have been counted; `refused`: Redis, or the
     * limit of a group, refused them; `shutdown`: the application ended before Redis took them.
     */
    'counters.dropped': {
      reason: 'full' | 'unanswered' | 'refused' | 'shutdown';
      /** How many counters are concerned. */
      counters: number;
      /** What their counts would have been changed by, summed without signs. */
      amount: number;
      message: string;
    };
    /** Counts of `tally` reached Redis. `pending`: counters that go on waiting. */
    'counters.flushed': { counters: number; pending: number; durationMs: number };
  }
}

/**
 * Why it cannot be proved that nothing was missed. `trimmed`: the history did not reach back far enough; `lost-writes`:
 * the server lost entries that it had acknowledged (a failover); `history-lost`: all of it is gone (a restart without data, a flush);
 * `forked`: what was seen is not in the history; `overflow`: events fell out of the handler's own queue.
 */
export type EventGapReason = 'trimmed' | 'lost-writes' | 'history-lost' | 'forked' | 'overflow';

/** Says that events may be missing, and where. Whoever keeps state made from events loads it anew. */
export interface EventGap {
  readonly reason: EventGapReason;
  readonly partition: number;
  /** The last entry before the gap; of an overflow, the first event that fell out. */
  readonly from: string;
  /** The first entry after it; of an overflow, the last event that fell out. */
  readonly to: string;
}

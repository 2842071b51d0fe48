import { defineScript, type RawReply } from '../core/scripts/define-script.js';
import type { BucketResult } from './stores/bucket-store.js';

const BUCKETS = new URL('./lua/buckets.lua', import.meta.url);
const BLOCKS = new URL('./lua/blocks.lua', import.meta.url);
const TOKEN_BUCKET = new URL('./lua/token-bucket.lua', import.meta.url);
const SLIDING_LOG = new URL('./lua/sliding-log.lua', import.meta.url);
const SLIDING_COUNTERS = new URL('./lua/sliding-counters.lua', import.meta.url);
const FIXED_WINDOW = new URL('./lua/fixed-window.lua', import.meta.url);
const CONCURRENCY = new URL('./lua/concurrency.lua', import.meta.url);

/** What the server says to a request. */
export interface ConsumeReply {
  /** Time of the server, in microseconds. */
  readonly timeUs: number;
  /**
   * undefined: it came too late, what the client knows of the calendar does not fit that time, or, of `consumeOne`,
   * something is blocked.
   */
  readonly results: readonly BucketResult[] | undefined;
  readonly allowed: boolean;
}

/** For policies of every kind. */
export const consumeAny = defineScript({
  name: 'rate-limit.consume',
  source: new URL('./lua/consume.lua', import.meta.url),
  shared: [BUCKETS, BLOCKS, TOKEN_BUCKET, SLIDING_LOG, SLIDING_COUNTERS, FIXED_WINDOW, CONCURRENCY],
  keys: ['blocks', '...buckets'],
  args: ['cost', 'counts', 'holder', 'lateAfter', '...policies'],
  reply: parseConsumed,
});

/** What the server says to a request of one token bucket. */
export interface ConsumeOneReply {
  readonly timeUs: number;
  readonly allowed: boolean;
  /** Time of the server at which everything is available again; undefined: see `ConsumeReply.results`. */
  readonly fullAtUs: number | undefined;
}

/** For the most frequent case, see `isSingleBucket`. */
export const consumeOne = defineScript({
  name: 'rate-limit.consume-one',
  source: new URL('./lua/consume-one.lua', import.meta.url),
  keys: ['blocks', 'bucket'],
  args: ['cost', 'lateAfter', 'unit', 'burst'],
  reply: (raw): ConsumeOneReply => {
    const [status, timeUs, fullAtUs] = raw as [number, number, number?];
    return { timeUs, allowed: status === 1, fullAtUs };
  },
});

export const correct = defineScript({
  name: 'rate-limit.correct',
  source: new URL('./lua/correct.lua', import.meta.url),
  shared: [BUCKETS, TOKEN_BUCKET, SLIDING_LOG, SLIDING_COUNTERS, FIXED_WINDOW, CONCURRENCY],
  keys: ['...buckets'],
  args: ['change', 'holder', '...policies'],
  reply: (raw) => {
    const [done, timeUs] = raw as [number, string];
    return { isDone: done === 1, timeUs: Number(timeUs) };
  },
});

export const renew = defineScript({
  name: 'rate-limit.renew',
  source: new URL('./lua/renew.lua', import.meta.url),
  shared: [BUCKETS],
  keys: ['...buckets'],
  args: ['holder', 'amount', '...leases'],
  reply: (raw) => raw as number,
  idempotent: true,
});

export const block = defineScript({
  name: 'rate-limit.block',
  source: new URL('./lua/block.lua', import.meta.url),
  shared: [BUCKETS, BLOCKS],
  keys: ['blocks'],
  args: ['forMs'],
  reply: () => undefined,
  idempotent: true,
});

/** Values that stand for one policy in a reply. */
const VALUES = 6;

function parseConsumed(raw: RawReply): ConsumeReply {
  const reply = raw as number[];
  const timeUs = reply[1]!;
  if (reply[0]! < 0) return { timeUs, results: undefined, allowed: false };
  const results: BucketResult[] = [];
  for (let at = 2; at < reply.length; at += VALUES) {
    results.push({
      allowed: reply[at] === 1,
      remaining: reply[at + 1]!,
      retryAfterMs: reply[at + 2] === -1 ? Infinity : reply[at + 2]!,
      resetMs: reply[at + 3]!,
      mark: reply[at + 4]!,
      blocked: reply[at + 5] === 1,
    });
  }
  return { timeUs, results, allowed: reply[0] === 1 };
}

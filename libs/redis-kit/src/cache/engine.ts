import type { Codec } from '../core/codec/codec.js';
import type { RedisKitEvents } from '../core/events.js';
import { UNAVAILABLE, type Budget } from '../core/failsafe/failsafe.js';
import { CachedFactoryError } from './cache.errors.js';
import type { FactoryContext, FactoryRuns } from './factory-runs.js';
import type { Outcome } from './flights.js';
import { drawEarlyMs, type Freshness } from './freshness.js';
import type { LateTags } from './late-tags.js';
import type { Answer, CacheStore } from './stores/cache-store.js';
import type { TagAdvice } from './tag-advice.js';
import type { Tokens, View } from './tokens.js';

/** An entry as it was read. */
export type Read = Pick<View, 'entry' | 'isCurrent' | 'readAt' | 'sentAt'>;

/** What the steps of a cache work with. */
export interface CacheEngine {
  readonly cache: string;
  readonly store: CacheStore;
  readonly tokens: Tokens;
  readonly lateTags: LateTags;
  readonly codec: Codec;
  readonly runs: FactoryRuns;
  readonly events: RedisKitEvents;
  readonly deadlineMs: number;
  readonly leaseMs: number;
  readonly leaseLimitMs: number;
  readonly leaderWaitMs: number;
  /** The key of whoever makes the stale value of a key anew. */
  readonly refreshKey: (name: string) => string;
  /** Hears of each value read from the store, and may keep it; answers the value to hand out. */
  readonly keep: (key: string, view: Read, value: unknown, freshForMs: number) => unknown;
  /** Orders reads and invalidations that Redis took late; to be taken before a read is sent. */
  readonly moment: () => number;
  /** True for what was invalidated here and Redis did not take, took late since that moment, or may have lost. */
  readonly isDoubtful: (key: string, tags: readonly string[], since: number) => boolean;
  readonly tagAdvice: TagAdvice;
  /** Hears of payloads that cannot be decoded or encoded. */
  readonly onError: (operation: string, key: string, error: unknown) => void;
}

/** What a read asks for. */
export interface Target {
  /** As the application spells it. */
  readonly name: string;
  readonly key: string;
  readonly tags: ReadonlySet<string>;
  readonly freshness: Freshness;
}

export interface ReadThrough extends Target {
  readonly factory: (context: FactoryContext<never>) => unknown;
}

/** A value that is there. */
export interface FoundValue {
  readonly type: 'value';
  readonly value: unknown;
  /** How long it has been stale; below 0: how long it is fresh yet. */
  readonly staleMs: number;
  readonly madeInMs: number;
  readonly header: Buffer;
  readonly tags: readonly string[];
  /** When it was asked for, in the order of invalidations that Redis took late. */
  readonly sentAt: number;
}

/** A value, the error of its factory, or the reason why there is neither. */
export type Found =
  | FoundValue
  | { readonly type: 'failure'; readonly error: CachedFactoryError }
  | { readonly type: 'absent' | 'led' };

/** What a view means. Bytes that cannot be decoded count as absent, never as an error. */
export async function decode(
  engine: CacheEngine,
  { name, key, freshness }: Pick<Target, 'name' | 'key'> & Partial<Pick<Target, 'freshness'>>,
  view: Read,
  budget: Budget,
): Answer<Found> {
  const { entry, isCurrent, sentAt } = view;
  if (!isCurrent || !entry) return { type: 'absent' };
  const tags = [...entry.stamp.tags.keys()];
  if (engine.isDoubtful(key, tags, sentAt)) return { type: 'absent' };
  if (entry.kind === 'lease') return { type: 'led' };
  let staleMs = -Infinity;
  if (entry.staleFromMs > 0) {
    const now = await engine.store.now(budget);
    if (now === UNAVAILABLE) return UNAVAILABLE;
    staleMs = now - entry.staleFromMs;
    // The estimate of the server's clock may be a little behind.
    if (entry.isExpired) staleMs = Math.max(staleMs, 0);
  }
  try {
    const decoded = await engine.codec.decode(entry.payload);
    if (entry.kind === 'failure') {
      const [originalName, message] = decoded as [string, string];
      const error = new CachedFactoryError(engine.cache, name, originalName, message);
      return { type: 'failure', error };
    }
    const { header, madeInMs } = entry;
    // What is kept in memory is not asked about: it is dropped when somebody is to make it anew.
    const earlyMs = Math.max(0, drawEarlyMs(madeInMs, freshness?.earlyRefresh ?? 0));
    const value = engine.keep(key, view, decoded, -staleMs - earlyMs);
    return { type: 'value', value, staleMs, madeInMs, header, tags, sentAt };
  } catch (error) {
    engine.onError('cache.decode', key, error);
    return { type: 'absent' };
  }
}

/** The outcome for everybody who shares the read. */
export const answeredBy = ({ value, tags }: FoundValue, call: Target): Outcome => ({
  value,
  source: 'cache',
  isTaggedLate: tags.some((tag) => !call.tags.has(tag)),
});

import type { Codec } from '../core/codec/codec.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { createEntry, createLease, headerOf, type Stamp } from './entry.js';
import type { Outcome } from './flights.js';
import type { CacheStore } from './stores/cache-store.js';
import type { Tokens, View } from './tokens.js';
import { Unstored } from './unstored.js';

export interface CacheEngine {
  readonly store: CacheStore;
  readonly tokens: Tokens;
  readonly codec: Codec;
  readonly deadlineMs: number;
  readonly leaseMs: number;
  readonly leaderWaitMs: number;
  /** Hears of each value read from the store, and may keep it; answers the value to hand out. */
  readonly keep: (key: string, view: View, value: unknown) => unknown;
  /** True for what was invalidated here while Redis did not take it. */
  readonly isDoubtful: (key: string, tags: Iterable<string>) => boolean;
  /** Hears of payloads that cannot be decoded or encoded. */
  readonly onError: (operation: string, key: string, error: unknown) => void;
}

export interface ReadThrough {
  readonly key: string;
  readonly tags: ReadonlySet<string>;
  readonly ttlMs: number;
  readonly factory: () => Promise<unknown>;
}

/** First pause of somebody who waits for another process' factory; it doubles up to the longest. */
const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 32;

/** A value, or the reason why there is none. */
export type Found =
  { readonly type: 'value'; readonly value: unknown } | { readonly type: 'absent' | 'led' };

/** What a view means. Bytes that cannot be decoded count as absent, never as an error. */
export async function decode(engine: CacheEngine, key: string, view: View): Promise<Found> {
  if (!view.isCurrent || !view.entry) return { type: 'absent' };
  if (engine.isDoubtful(key, view.entry.stamp.tags.keys())) return { type: 'absent' };
  if (view.entry.kind === 'lease') return { type: 'led' };
  try {
    const value = await engine.codec.decode(view.entry.payload);
    return { type: 'value', value: engine.keep(key, view, value) };
  } catch (error) {
    engine.onError('cache.decode', key, error);
    return { type: 'absent' };
  }
}

/**
 * One read-through, from the key to the value.
 *
 * Never stores what was read before an invalidation. The reader captures the tokens and plants a lease in the key itself
 * *before* the factory runs, and the value replaces exactly this lease, under these tokens. Whatever happened in between
 * (the key deleted, expired, evicted or written; a tag or the cache invalidated) makes the late value unstorable or
 * invalid at birth: it is returned, and nobody else gets it.
 *
 * Among processes one factory runs at a time: who finds a current lease waits for its value, up to a bound. Redis' own
 * share is bounded by the deadline; when it does not answer, the factory does.
 */
export async function getOrSet(engine: CacheEngine, call: ReadThrough): Promise<Outcome> {
  const { key, tags, factory } = call;
  const waitUntil = performance.now() + engine.leaderWaitMs;
  const budget = new Budget(engine.deadlineMs);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const view = await engine.tokens.view(key, tags, budget);
    if (view === UNAVAILABLE) return { value: await factory(), source: 'factory-without-redis' };
    const found = await decode(engine, key, view);
    if (found.type === 'value') return { value: found.value, source: 'cache' };

    if (found.type === 'absent') {
      const lease = await plant(engine, call, view, budget);
      if (lease === UNAVAILABLE) return { value: await factory(), source: 'factory-without-redis' };
      if (lease) return { value: await fill(engine, call, lease, budget), source: 'factory' };
    }
    // Somebody else fills the key. Beyond the bound the caller is answered all the same, and nothing is stored.
    if (performance.now() + pauseMs > waitUntil)
      return { value: await factory(), source: 'factory' };
    await pause(pauseMs);
    // Each look costs Redis a command; only one that is not answered uses the deadline up.
    budget.refill();
  }
}

interface PlantedLease {
  readonly header: Buffer;
  readonly stamp: Stamp;
}

/** Takes the right to fill the key; undefined when somebody else was faster. */
async function plant(
  { tokens, store, leaseMs }: CacheEngine,
  { key, tags, ttlMs }: ReadThrough,
  view: View,
  budget: Budget,
): Promise<PlantedLease | undefined | typeof UNAVAILABLE> {
  const stamp = await tokens.capture(view, tags, ttlMs, budget);
  if (stamp === UNAVAILABLE) return UNAVAILABLE;
  const lease = createLease(stamp);
  const standing =
    view.header === null
      ? await store.create(key, lease, leaseMs, budget)
      : await store.replace(key, view.header, lease, leaseMs, budget);
  if (standing === UNAVAILABLE) return UNAVAILABLE;
  return standing === null || standing === true ? { header: headerOf(lease), stamp } : undefined;
}

async function fill(
  { store, codec, onError }: CacheEngine,
  { key, ttlMs, factory }: ReadThrough,
  { header, stamp }: PlantedLease,
  budget: Budget,
): Promise<unknown> {
  let value: unknown;
  try {
    value = await factory();
  } catch (error) {
    await store.removeExactly(key, header, budget);
    throw error;
  }
  if (value instanceof Unstored) {
    await store.removeExactly(key, header, budget);
    return value;
  }
  try {
    const entry = createEntry(stamp, await codec.encode(value));
    await store.replace(key, header, entry, ttlMs, budget);
  } catch (error) {
    onError('cache.encode', key, error);
    await store.removeExactly(key, header, budget);
  }
  return value;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

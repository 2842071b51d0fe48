import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import {
  answeredBy,
  decode,
  type CacheEngine,
  type FoundValue,
  type ReadThrough,
  type Target,
} from './engine.js';
import { createLease, headerOf } from './entry.js';
import { capturedLifeMs, produce, type Place } from './fill.js';
import type { FactoryRun } from './factory-runs.js';
import type { Outcome } from './flights.js';
import { isDueEarly } from './freshness.js';
import { claimRefresh, refreshInBackground } from './refresh.js';
import { StaleAtHand } from './stale-at-hand.js';
import type { Answer } from './stores/cache-store.js';
import type { View } from './tokens.js';

/** First pause of somebody who waits for another process' factory; it doubles up to the longest. */
const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 32;

/**
 * One read-through, from the key to the value.
 *
 * Never stores what was read before an invalidation. The reader captures the tokens and plants a lease in the key itself
 * *before* the factory runs, and the value replaces exactly this lease, under these tokens. Whatever happened in between
 * (the key deleted, expired, evicted or written; a tag or the cache invalidated) makes the late value unstorable or
 * invalid at birth: it is returned, and nobody else gets it. A stale value is made anew under a claim beside it, and
 * takes the place of exactly this stale value.
 *
 * Among processes one factory runs at a time: who finds a current lease or claim waits for its value, up to a bound.
 * Redis' own share is bounded by the deadline; when it does not answer, the factory does.
 */
export async function getOrSet(engine: CacheEngine, call: ReadThrough): Promise<Outcome> {
  if (call.freshness.staleIfErrorMs === 0) return readThrough(engine, call, () => undefined);
  const atHand = new StaleAtHand(engine, call);
  return atHand.standInFor(readThrough(engine, call, (found) => atHand.hold(found)));
}

async function readThrough(
  engine: CacheEngine,
  call: ReadThrough,
  hold: (found: FoundValue) => void,
): Promise<Outcome> {
  const { key, tags, freshness } = call;
  const refresh = (found: FoundValue) => refreshInBackground(engine, call, found);
  const waitUntil = performance.now() + engine.leaderWaitMs;
  const budget = new Budget(engine.deadlineMs);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const view = await engine.tokens.view(key, tags, budget, freshness.isStrict);
    const found = view === UNAVAILABLE ? UNAVAILABLE : await decode(engine, call, view, budget);
    if (view === UNAVAILABLE || found === UNAVAILABLE) return unstored(engine, call, true);
    if (found.type === 'failure') throw found.error;
    if (found.type === 'value') {
      if (isServed(engine, call, found, refresh)) return answeredBy(found, call);
      hold(found);
    }

    const place = await takePlace(engine, call, view, found, budget);
    if (place === UNAVAILABLE) return unstored(engine, call, true);
    if (place) return produced(await produce(engine, call, place));
    // Somebody else fills the key. Beyond the bound the caller is answered all the same, and nothing is stored.
    if (performance.now() + pauseMs > waitUntil) return unstored(engine, call, false);
    await pause(pauseMs);
    // Each look costs Redis a command; only one that is not answered uses the deadline up.
    budget.refill();
  }
}

/** Whether the value answers the call as it is. `refresh` hears of those that ought to be made anew in the background. */
export function isServed(
  { cache, events }: CacheEngine,
  { name, freshness }: Target,
  found: FoundValue,
  refresh: (found: FoundValue) => void,
): boolean {
  const { staleMs, madeInMs } = found;
  const { earlyRefresh, staleWhileRevalidateMs } = freshness;
  if (staleMs < 0) {
    if (isDueEarly(madeInMs, -staleMs, earlyRefresh)) refresh(found);
    return true;
  }
  if (staleMs >= staleWhileRevalidateMs) return false;
  refresh(found);
  events.emit('cache.stale-served', { cache, key: name, reason: 'revalidating', staleMs });
  return true;
}

/** Takes the right to fill the key; undefined when somebody else was faster. */
async function takePlace(
  engine: CacheEngine,
  call: ReadThrough,
  view: View,
  found: { readonly type: 'absent' | 'led' } | FoundValue,
  budget: Budget,
): Answer<Place | undefined> {
  if (found.type === 'led') return undefined;
  if (found.type !== 'value') return plant(engine, call, view, budget);
  const claim = await claimRefresh(engine, call, found, budget);
  if (claim === UNAVAILABLE) return UNAVAILABLE;
  if (claim.type === 'failure') throw claim.error;
  return claim.type === 'place' ? claim.place : undefined;
}

async function plant(
  { tokens, store, leaseMs }: CacheEngine,
  { key, tags, freshness }: ReadThrough,
  view: View,
  budget: Budget,
): Answer<Place | undefined> {
  const stamp = await tokens.capture(view, tags, capturedLifeMs(freshness), budget);
  if (stamp === UNAVAILABLE) return UNAVAILABLE;
  const bytes = createLease(stamp);
  const standing =
    view.header === null
      ? await store.create(key, bytes, leaseMs, budget)
      : await store.replace(key, view.header, bytes, leaseMs, budget);
  if (standing === UNAVAILABLE) return UNAVAILABLE;
  if (standing !== null && standing !== true) return undefined;
  const header = headerOf(bytes);
  return { header, stamp, seen: view.tags, lease: { key, header, bytes }, stale: undefined };
}

/** The factory answers, and nothing is stored. */
export async function unstored(
  engine: CacheEngine,
  call: ReadThrough,
  isWithoutRedis: boolean,
): Promise<Outcome> {
  const run = engine.runs.start({ ...call, cache: engine.cache, key: call.name });
  const value = await run.within(call.freshness.hardTimeoutMs);
  const source = isWithoutRedis ? 'factory-without-redis' : 'factory';
  return { value, source, isTaggedLate: run.lateTags.size > 0 };
}

async function produced(run: FactoryRun): Promise<Outcome> {
  return { value: await run.value, source: 'factory', isTaggedLate: run.lateTags.size > 0 };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

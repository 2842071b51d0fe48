import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { safeMessage } from '../core/redact.js';
import type { CacheEngine, ReadThrough } from './engine.js';
import { createEntry, createFailure, NO_TIMES, type Stamp } from './entry.js';
import type { FactoryRun } from './factory-runs.js';
import { isTimed, jittered, staleForMs, ttlFor } from './freshness.js';
import { holdLease, type Lease } from './held-lease.js';
import type { View } from './tokens.js';

/** The right to fill a key, and under which tokens; all of it taken before the factory starts. */
export interface Place {
  /** The value takes the place of exactly the entry or lease with this header. */
  readonly header: Buffer;
  readonly stamp: Stamp;
  readonly seen: View['tags'];
  readonly lease: Lease;
  readonly stale: unknown;
}

/**
 * Runs the factory and stores its value in the place, or gives the place up. Whoever waits is answered when that is
 * done, or fails after the hard timeout; the rest goes on in the background.
 */
export async function produce(
  engine: CacheEngine,
  call: ReadThrough,
  place: Place,
): Promise<FactoryRun> {
  const { runs, onError } = engine;
  const letGo = holdLease(engine, place.lease);
  const run = runs.start({ ...call, cache: engine.cache, key: call.name }, place.stale);
  const settled = run.value
    .then(
      (value) => store(engine, call, place, run, value),
      (error: unknown) => giveUp(engine, call, place, error),
    )
    .catch((error: unknown) => onError('cache.fill', call.key, error))
    .finally(letGo);
  runs.keep(settled);
  try {
    await run.within(call.freshness.hardTimeoutMs);
  } catch (error) {
    if (!run.isRunning) await settled;
    throw error;
  }
  await settled;
  return run;
}

async function store(
  engine: CacheEngine,
  call: ReadThrough,
  place: Place,
  run: FactoryRun,
  value: unknown,
): Promise<void> {
  const { lease } = place;
  const budget = new Budget(engine.deadlineMs);
  const bytes = run.isSkipped ? undefined : await encode(engine, call, place, run, value, budget);
  if (bytes) {
    const isStored = await engine.store.replace(
      call.key,
      place.header,
      bytes.entry,
      bytes.lifeMs,
      budget,
    );
    // The value stands in the place of the lease.
    if (isStored === true && lease.key === call.key) return;
  }
  await engine.store.removeExactly(lease.key, lease.header, budget);
}

/** What to store and for how long; undefined when the value must not be stored, or cannot. */
export async function encode(
  engine: CacheEngine,
  { key, freshness }: ReadThrough,
  { stamp, seen }: Pick<Place, 'stamp' | 'seen'>,
  run: FactoryRun,
  value: unknown,
  budget: Budget,
): Promise<{ entry: Buffer; lifeMs: number } | undefined> {
  const madeInMs = performance.now() - run.startedAt;
  const ttlMs = jittered(run.ttlMs ?? ttlFor(freshness, value), freshness.jitter);
  const lifeMs = ttlMs + staleForMs(freshness);
  const joined = await engine.lateTags.join(
    stamp,
    run.lateTags,
    { before: seen, startedAt: run.startedAt },
    lifeMs,
    budget,
  );
  if (joined === undefined || joined === UNAVAILABLE) return undefined;
  engine.tagAdvice.ofValue(joined);
  if (lifeMs > capturedLifeMs(freshness)) {
    // Longer than was foreseen. Only the lives of the tokens matter: what was captured stays what it is.
    await engine.tokens.capture(joined, new Set(joined.tags.keys()), lifeMs, budget);
  }
  const now = isTimed(freshness) ? await engine.store.now(budget) : undefined;
  if (now === UNAVAILABLE) return undefined;
  try {
    const times = now === undefined ? NO_TIMES : { staleFromMs: now + ttlMs, madeInMs };
    return { entry: createEntry(joined, await engine.codec.encode(value), times), lifeMs };
  } catch (error) {
    engine.onError('cache.encode', key, error);
    return undefined;
  }
}

/** How long an entry may live under the tokens captured for it. */
export const capturedLifeMs = (freshness: ReadThrough['freshness']): number =>
  freshness.ttlMs + staleForMs(freshness);

/** Nobody waits for a factory that failed: its claim goes, or says for a while that it failed. */
async function giveUp(
  { store, codec, deadlineMs }: CacheEngine,
  { freshness }: ReadThrough,
  { stamp, lease }: Place,
  error: unknown,
): Promise<void> {
  const budget = new Budget(deadlineMs);
  if (freshness.errorTtlMs > 0) {
    const name = error instanceof Error ? error.name : 'Error';
    const failure = createFailure(stamp, await codec.encode([name, safeMessage(error)]));
    await store.replace(lease.key, lease.header, failure, freshness.errorTtlMs, budget);
  } else {
    await store.removeExactly(lease.key, lease.header, budget);
  }
}

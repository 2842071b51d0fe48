import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { CacheEngine, ReadThrough } from './engine.js';
import { createLease, headerOf } from './entry.js';
import { capturedLifeMs, encode, type Place } from './fill.js';
import type { FactoryRun } from './factory-runs.js';
import { holdLease } from './held-lease.js';
import { afterCommit, isInTransaction } from './in-transaction.js';

/** `factory` is the method that changes the source, and answers what the source holds then. */
export interface FencedPut extends ReadThrough {
  /** Drops what this process remembers of the key, and cuts off the calls in progress. */
  readonly detach: () => void;
  /** Removes whatever is in the key, or throws. */
  readonly remove: () => Promise<unknown>;
}

type Planted = Pick<Place, 'header' | 'stamp' | 'seen' | 'lease'>;

/**
 * One write-through, from the method that changes the source to the value in the cache.
 *
 * A lease takes the place of whatever is in the key *before* the method runs, and the value replaces exactly this lease.
 * When it does not stand any more, the key was invalidated or another put ran at the same time, and which change came
 * last is known to the source alone: the key is left empty, never with the older of two values.
 */
export async function fencedPut(engine: CacheEngine, call: FencedPut): Promise<unknown> {
  const { detach, remove } = call;
  if (isInTransaction()) {
    const value = await start(engine, call).value;
    await afterCommit(remove);
    return value;
  }
  detach();
  const planted = await plant(engine, call);
  const letGo = planted && holdLease(engine, planted.lease);
  // Twice: who read while the lease travelled may have read before it arrived.
  detach();
  try {
    return await writeThrough(engine, call, planted);
  } finally {
    letGo?.();
    // Who started meanwhile may have read before the change, and must not be joined after it.
    detach();
  }
}

async function writeThrough(
  engine: CacheEngine,
  call: FencedPut,
  planted: Planted | undefined,
): Promise<unknown> {
  const run = start(engine, call);
  let value: unknown;
  try {
    value = await run.value;
  } catch (error) {
    await giveUp(engine, call, planted);
    throw error;
  }
  if (!planted || !(await fill(engine, call, planted, run, value))) await call.remove();
  return value;
}

const start = ({ runs, cache }: CacheEngine, { name, tags, factory }: FencedPut): FactoryRun =>
  runs.start({ cache, key: name, tags, factory });

/** Plants a lease, whatever is there; undefined when Redis did not take it. */
async function plant(
  { tokens, store, leaseMs, deadlineMs }: CacheEngine,
  { key, tags, freshness }: FencedPut,
): Promise<Planted | undefined> {
  const budget = new Budget(deadlineMs);
  const view = await tokens.view(key, tags, budget);
  if (view === UNAVAILABLE) return undefined;
  const stamp = await tokens.capture(view, tags, capturedLifeMs(freshness), budget);
  if (stamp === UNAVAILABLE) return undefined;
  const bytes = createLease(stamp);
  const written = await store.write(key, bytes, leaseMs, budget);
  if (written === UNAVAILABLE) return undefined;
  const header = headerOf(bytes);
  return { header, stamp, seen: view.tags, lease: { key, header, bytes } };
}

/** Puts the value in exactly the place of the lease; false when it does not stand there now. */
async function fill(
  engine: CacheEngine,
  call: FencedPut,
  planted: Planted,
  run: FactoryRun,
  value: unknown,
): Promise<boolean> {
  if (run.isSkipped) return false;
  const budget = new Budget(engine.deadlineMs);
  const bytes = await encode(engine, call, planted, run, value, budget);
  if (!bytes) return false;
  const { entry, lifeMs } = bytes;
  return (await engine.store.replace(call.key, planted.header, entry, lifeMs, budget)) === true;
}

/**
 * The method failed, and may have changed the source all the same. The old value is gone with the lease; where there is
 * none, the removal is queued if Redis does not take it, and what the caller hears of is the method's own error.
 */
async function giveUp(
  { store, deadlineMs }: CacheEngine,
  { key, remove }: FencedPut,
  planted: Planted | undefined,
): Promise<void> {
  if (planted) await store.removeExactly(key, planted.header, new Budget(deadlineMs));
  else await remove().catch(() => undefined);
}

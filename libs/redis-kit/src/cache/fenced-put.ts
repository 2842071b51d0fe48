import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { CachePutCallOptions } from './cache-calls.js';
import { createEntry, createLease, headerOf, type Stamp } from './entry.js';
import type { CacheEngine } from './get-or-set.js';
import { afterCommit, isInTransaction } from './in-transaction.js';
import { NO_TAGS, tagSet } from './tags.js';
import { Unstored, valueOf } from './unstored.js';

export interface FencedPut {
  readonly key: string;
  /** Known before the method runs. */
  readonly tags: ReadonlySet<string>;
  /** Further tags, known from the value only. */
  readonly tagsOfValue: ((value: unknown) => ReadonlySet<string>) | undefined;
  readonly ttlMs: number;
  readonly produce: () => Promise<unknown>;
  /** Drops what this process remembers of the key, and cuts off the calls in progress. */
  readonly detach: () => void;
  /** Removes whatever is in the key, or throws. */
  readonly remove: () => Promise<unknown>;
}

/**
 * One write-through, from the method that changes the source to the value in the cache.
 *
 * A lease takes the place of whatever is in the key *before* the method runs, and the value replaces exactly this lease.
 * When it does not stand any more, the key was invalidated or another put ran at the same time, and which change came
 * last is known to the source alone: the key is left empty, never with the older of two values.
 */
export async function fencedPut(engine: CacheEngine, call: FencedPut): Promise<unknown> {
  const { key, produce, detach, remove } = call;
  if (isInTransaction()) {
    const value = await produce();
    await afterCommit(remove);
    return valueOf(value);
  }
  const budget = new Budget(engine.deadlineMs);
  detach();
  const lease = await plant(engine, call, budget);
  // Twice: who read while the lease travelled may have read before it arrived.
  detach();
  let isStored = false;
  try {
    let value: unknown;
    try {
      value = await produce();
    } catch (error) {
      if (lease) await engine.store.removeExactly(key, lease.header, budget);
      // The source is as it was.
      isStored = true;
      throw error;
    }
    isStored = lease !== undefined && (await fill(engine, call, lease, value, budget));
    return valueOf(value);
  } finally {
    // Who started meanwhile may have read before the change, and must not be joined after it.
    detach();
    if (!isStored) await remove();
  }
}

/** Tags that are known before the method runs, and those that are not. */
export function putTags<T>(
  tags: CachePutCallOptions<T>['tags'],
): Pick<FencedPut, 'tags' | 'tagsOfValue'> {
  if (typeof tags !== 'function') return { tags: tagSet(tags), tagsOfValue: undefined };
  return { tags: NO_TAGS, tagsOfValue: (value) => tagSet(tags(value as T)) };
}

interface Lease {
  readonly header: Buffer;
  readonly stamp: Stamp;
}

/** Plants a lease, whatever is there; undefined when Redis did not take it. */
async function plant(
  { tokens, store, leaseMs }: CacheEngine,
  { key, tags, tagsOfValue, ttlMs }: FencedPut,
  budget: Budget,
): Promise<Lease | undefined> {
  const view = await tokens.view(key, tags, budget);
  if (view === UNAVAILABLE) return undefined;
  // Tags of the value are known too late to be captured. Those of the value before are the likely ones.
  const before = tagsOfValue ? [...(view.entry?.stamp.tags.keys() ?? [])] : [];
  const stamp = await tokens.capture(view, new Set([...tags, ...before]), ttlMs, budget);
  if (stamp === UNAVAILABLE) return undefined;
  const lease = createLease(stamp);
  const written = await store.write(key, lease, leaseMs, budget);
  return written === UNAVAILABLE ? undefined : { header: headerOf(lease), stamp };
}

/** Puts the value in exactly the place of the lease; false when it does not stand there now. */
async function fill(
  { store, codec, onError }: CacheEngine,
  call: FencedPut,
  lease: Lease,
  value: unknown,
  budget: Budget,
): Promise<boolean> {
  if (value instanceof Unstored) return false;
  const stamp = stampOf(call, lease, value);
  if (!stamp) return false;
  let entry: Buffer;
  try {
    entry = createEntry(stamp, await codec.encode(value));
  } catch (error) {
    onError('cache.encode', call.key, error);
    return false;
  }
  return (await store.replace(call.key, lease.header, entry, call.ttlMs, budget)) === true;
}

/** The tokens to store the value under; undefined when one of its tags was not captured before the method ran. */
function stampOf(
  { tags, tagsOfValue }: FencedPut,
  { stamp }: Lease,
  value: unknown,
): Stamp | undefined {
  const stamped = new Map<string, Buffer>();
  for (const tag of [...tags, ...(tagsOfValue?.(value) ?? [])]) {
    const token = stamp.tags.get(tag);
    if (!token) return undefined;
    stamped.set(tag, token);
  }
  return { epoch: stamp.epoch, tags: stamped };
}

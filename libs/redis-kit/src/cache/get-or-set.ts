import type { Codec } from '../core/codec/codec.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import { createEntry, createLease, isLease, payloadOf, type Lease } from './entry.js';
import type { Outcome } from './flights.js';
import type { CacheStore } from './stores/cache-store.js';

export interface GetOrSetSettings {
  readonly store: CacheStore;
  readonly codec: Codec;
  readonly deadlineMs: number;
  readonly leaseMs: number;
  /** Hears of payloads that cannot be decoded or encoded. */
  readonly onError: (operation: string, key: string, error: unknown) => void;
}

/** What stands in a key. */
export type Stored =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'lease' | 'nothing' | 'garbage' };

/** Reads what bytes under a key mean. Bytes of another program or format are garbage, never an error. */
export async function decodeStored(
  bytes: Buffer | null,
  codec: Codec,
  onError: (error: unknown) => void,
): Promise<Stored> {
  if (bytes === null) return { type: 'nothing' };
  if (isLease(bytes)) return { type: 'lease' };
  const payload = payloadOf(bytes);
  if (!payload) return { type: 'garbage' };
  try {
    return { type: 'value', value: await codec.decode(payload) };
  } catch (error) {
    onError(error);
    return { type: 'garbage' };
  }
}

/**
 * One read-through, from the key to the value.
 *
 * Never stores what was read before an invalidation: the reader plants a lease in the key itself *before* the factory
 * runs, and the value replaces exactly this lease. Whatever happened to the key in between (deleted, expired, evicted,
 * written by somebody else) has removed the lease, and the late value is returned but not stored.
 *
 * Redis' share is bounded by one budget for all steps. When it does not answer, the factory does.
 */
export async function getOrSet(
  settings: GetOrSetSettings,
  key: string,
  ttlMs: number,
  factory: () => Promise<unknown>,
): Promise<Outcome> {
  const { store, codec } = settings;
  const budget = new Budget(settings.deadlineMs);
  const decode = (bytes: Buffer | null) =>
    decodeStored(bytes, codec, (error) => settings.onError('cache.decode', key, error));

  const read = await store.read(key, budget);
  if (read === UNAVAILABLE) return { value: await factory(), source: 'factory-without-redis' };
  const found = await decode(read);
  if (found.type === 'value') return { value: found.value, source: 'cache' };
  // Somebody else fills it. Our own read may be older than theirs, so it is answered and not stored.
  if (found.type === 'lease') return { value: await factory(), source: 'factory' };
  if (found.type === 'garbage') await store.remove(key, budget.remainingMs).catch(() => false);

  const lease = createLease();
  const planted = await store.plant(key, lease, settings.leaseMs, budget);
  if (planted === UNAVAILABLE) return { value: await factory(), source: 'factory-without-redis' };
  if (planted !== null) {
    const present = await decode(planted);
    if (present.type === 'value') return { value: present.value, source: 'cache' };
    return { value: await factory(), source: 'factory' };
  }
  return { value: await fill(settings, key, ttlMs, lease, budget, factory), source: 'factory' };
}

async function fill(
  settings: GetOrSetSettings,
  key: string,
  ttlMs: number,
  lease: Lease,
  budget: Budget,
  factory: () => Promise<unknown>,
): Promise<unknown> {
  const { store, codec } = settings;
  let value: unknown;
  try {
    value = await factory();
  } catch (error) {
    await store.release(key, lease, budget);
    throw error;
  }
  try {
    await store.fill(key, lease, createEntry(await codec.encode(value)), ttlMs, budget);
  } catch (error) {
    settings.onError('cache.encode', key, error);
    await store.release(key, lease, budget);
  }
  return value;
}

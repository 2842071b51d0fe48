import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { CacheStore } from '../../cache/stores/cache-store.js';
import { Budget, UNAVAILABLE } from '../../core/failsafe/failsafe.js';
import { eventually } from '../rig/eventually.js';

export const HOUR_MS = 3_600_000;

/** Time for one step; more than any healthy store takes, however busy the machine is. */
export const budget = (): Budget => new Budget(10_000);
export const DEADLINE_MS = 10_000;

const HEADER_BYTES = 17;

/** Bytes as caches store them, of which half have the highest bit set; no two begin with the same header. */
export const someBytes = (length = 40): Buffer => randomBytes(Math.max(length, HEADER_BYTES));
const headerOf = (bytes: Buffer): Buffer => bytes.subarray(0, HEADER_BYTES);

export const someKey = (): string => `contract:{${randomBytes(8).toString('hex')}}`;

/** Every kind of key that could be mistaken for something else on its way. */
export const ODD_KEYS = [
  'a:b:c',
  '{a}b',
  'a}b{c',
  '{}',
  '}{',
  'a\nb\r\nc',
  'a\u0000b',
  ' a\tb ',
  '🔑 clé 鍵',
  '*?[a-z]',
  '"quoted" \'text\' \\',
  'x'.repeat(10_000),
];

export async function answered<T>(answer: Promise<T | typeof UNAVAILABLE>): Promise<T> {
  const value = await answer;
  assert.notEqual(value, UNAVAILABLE, 'the store was not available');
  return value as T;
}

export const read = async (store: CacheStore, ...keys: string[]): Promise<(Buffer | null)[]> =>
  answered(store.read(keys, budget()));
export const write = (
  store: CacheStore,
  key: string,
  bytes: Buffer,
  ttlMs = HOUR_MS,
): Promise<void> => answered(store.write(key, bytes, ttlMs, budget()));
export const create = (store: CacheStore, key: string, bytes: Buffer, ttlMs = HOUR_MS) =>
  answered(store.create(key, bytes, ttlMs, budget()));
export const replace = (
  store: CacheStore,
  key: string,
  seen: Buffer,
  bytes: Buffer,
  ttlMs = HOUR_MS,
) => answered(store.replace(key, headerOf(seen), bytes, ttlMs, budget()));
export const removeExactly = (store: CacheStore, key: string, seen: Buffer): Promise<boolean> =>
  answered(store.removeExactly(key, headerOf(seen), budget()));

export async function assertStands(store: CacheStore, key: string, expected: Buffer | null) {
  const [found = null] = await read(store, key);
  assert.deepEqual(found && Buffer.from(found), expected);
}

export const assertExpires = (store: CacheStore, key: string) =>
  eventually(() => assertStands(store, key, null), { within: 5_000 });

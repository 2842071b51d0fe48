import { randomFillSync } from 'node:crypto';

/**
 * What stands in a cache key: `kind (1 byte) | id (16 bytes) | payload`. A lease has no payload.
 *
 * The id is random and new for each write. Fills compare the first 17 bytes only, so that their cost does not grow with
 * the value.
 */
const VALUE = 0x56;
const LEASE = 0x4c;
const ID_BYTES = 16;
export const HEADER_BYTES = 1 + ID_BYTES;

/** Header of a lease: the right of one reader to fill the key. */
export type Lease = Buffer;

// Random bytes are drawn in bulk: one call per id costs more than everything else about an id.
const pool = Buffer.allocUnsafe(ID_BYTES * 256);
let used = pool.length;

function writeId(target: Buffer): void {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  pool.copy(target, 1, used, used + ID_BYTES);
  used += ID_BYTES;
}

export function createLease(): Lease {
  const lease = Buffer.allocUnsafe(HEADER_BYTES);
  lease[0] = LEASE;
  writeId(lease);
  return lease;
}

export function createEntry(payload: Buffer): Buffer {
  const entry = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  entry[0] = VALUE;
  writeId(entry);
  payload.copy(entry, HEADER_BYTES);
  return entry;
}

export const isLease = (stored: Buffer): boolean =>
  stored.length === HEADER_BYTES && stored[0] === LEASE;

/** The payload of a stored value; undefined when these bytes are something else. */
export function payloadOf(stored: Buffer): Buffer | undefined {
  return stored.length > HEADER_BYTES && stored[0] === VALUE
    ? stored.subarray(HEADER_BYTES)
    : undefined;
}

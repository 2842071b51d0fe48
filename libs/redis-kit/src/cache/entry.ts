import { randomFillSync } from 'node:crypto';

/**
 * What stands in a cache key:
 *
 *     kind (1) | id (16) | stale from (6) | made in (4) | epoch token (16) | number of tags (1)
 *       | { length (2) | tag | token (16) }… | payload
 *
 * A lease is the right of one reader to fill the key, and has no payload. A failure is the message of a factory's error. The id is random and new for each write:
 * compare-and-set looks at the first 17 bytes only, so that its cost does not grow with the value.
 */
const VALUE = 0x56;
/** A value that was made stale before its time: whatever a clock says, it is not fresh any more. */
const EXPIRED_VALUE = 0x53;
const LEASE = 0x4c;
const FAILURE = 0x46;
const KINDS = new Map([
  [VALUE, 'value'],
  [EXPIRED_VALUE, 'value'],
  [LEASE, 'lease'],
  [FAILURE, 'failure'],
] as const);
const ID_BYTES = 16;
export const TOKEN_BYTES = 16;
const HEADER_BYTES = 1 + ID_BYTES;
/** `expire-entry.lua` knows this place, too. */
const STALE_FROM_AT = HEADER_BYTES;
const STALE_FROM_BYTES = 6;
const MADE_IN_AT = STALE_FROM_AT + STALE_FROM_BYTES;
const EPOCH_AT = MADE_IN_AT + 4;
const TAGS_AT = EPOCH_AT + TOKEN_BYTES;

/** More tags than this make every read of the entry dear; the number must also fit one byte. */
export const MAX_TAGS = 64;

/** The tokens a value was made under. It is valid as long as all of them are current. */
export interface Stamp {
  readonly epoch: Buffer;
  readonly tags: ReadonlyMap<string, Buffer>;
}

/** What is known of a value's freshness. Nothing depends on it but how soon the value is made anew. */
export interface Times {
  /** Server time in milliseconds from which the value is stale; 0: it is fresh as long as it is there. */
  readonly staleFromMs: number;
  /** How long its factory took. */
  readonly madeInMs: number;
}

/** Fresh as long as it is there. */
export const NO_TIMES: Times = { staleFromMs: 0, madeInMs: 0 };

export interface StoredEntry extends Times {
  readonly kind: 'value' | 'lease' | 'failure';
  /** Made stale before its time. */
  readonly isExpired: boolean;
  /** Kind and id: what a compare-and-set compares. */
  readonly header: Buffer;
  readonly stamp: Stamp;
  readonly payload: Buffer;
}

// Random bytes are drawn in bulk: one call per id costs more than everything else about an id.
const pool = Buffer.allocUnsafe(ID_BYTES * 256);
let used = pool.length;

function writeRandom(target: Buffer, at: number): void {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  pool.copy(target, at, used, used + ID_BYTES);
  used += ID_BYTES;
}

/** A new token: 128 random bits, so no process has to know what was there before. */
export function createToken(): Buffer {
  const token = Buffer.allocUnsafe(TOKEN_BYTES);
  writeRandom(token, 0);
  return token;
}

export const createLease = (stamp: Stamp): Buffer => create(LEASE, stamp);
export const createFailure = (stamp: Stamp, payload: Buffer): Buffer =>
  create(FAILURE, stamp, payload);
export const createEntry = (stamp: Stamp, payload: Buffer, times = NO_TIMES): Buffer =>
  create(VALUE, stamp, payload, times);

/** Kind and id of an entry or lease. */
export const headerOf = (bytes: Buffer): Buffer => bytes.subarray(0, HEADER_BYTES);

/** The same value with a new id, stale from a moment on, or from earlier if it was; undefined when it cannot be stale. */
export function withStaleFrom(bytes: Buffer, staleFromMs: number): Buffer | undefined {
  const entry = parseEntry(bytes);
  if (entry?.kind !== 'value' || entry.staleFromMs === 0) return undefined;
  const stale = Buffer.from(bytes);
  stale[0] = EXPIRED_VALUE;
  writeRandom(stale, 1);
  stale.writeUIntBE(Math.min(entry.staleFromMs, staleFromMs), STALE_FROM_AT, STALE_FROM_BYTES);
  return stale;
}

function create(
  kind: number,
  { epoch, tags }: Stamp,
  payload?: Buffer,
  { staleFromMs, madeInMs }: Times = NO_TIMES,
): Buffer {
  let length = TAGS_AT + 1 + (payload?.length ?? 0);
  for (const tag of tags.keys()) length += 2 + Buffer.byteLength(tag) + TOKEN_BYTES;
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = kind;
  writeRandom(bytes, 1);
  bytes.writeUIntBE(staleFromMs, STALE_FROM_AT, STALE_FROM_BYTES);
  bytes.writeUInt32BE(Math.min(Math.round(madeInMs), 0xffff_ffff), MADE_IN_AT);
  epoch.copy(bytes, EPOCH_AT);
  let at = bytes.writeUInt8(tags.size, TAGS_AT);
  for (const [tag, token] of tags) {
    const tagLength = bytes.write(tag, at + 2);
    bytes.writeUInt16BE(tagLength, at);
    at += 2 + tagLength;
    at += token.copy(bytes, at);
  }
  payload?.copy(bytes, at);
  return bytes;
}

/** Reads an entry or lease; undefined for bytes that are neither, which are never trusted. */
export function parseEntry(bytes: Buffer): StoredEntry | undefined {
  const kind = KINDS.get(bytes[0] as typeof VALUE);
  if (!kind || bytes.length < TAGS_AT + 1) return undefined;
  const tags = new Map<string, Buffer>();
  let at = TAGS_AT + 1;
  for (let left = bytes[TAGS_AT]!; left > 0; left--) {
    const tagEnd = at + 2 > bytes.length ? Infinity : at + 2 + bytes.readUInt16BE(at);
    if (tagEnd + TOKEN_BYTES > bytes.length) return undefined;
    tags.set(bytes.toString('utf8', at + 2, tagEnd), bytes.subarray(tagEnd, tagEnd + TOKEN_BYTES));
    at = tagEnd + TOKEN_BYTES;
  }
  const stamp = { epoch: bytes.subarray(EPOCH_AT, TAGS_AT), tags };
  return {
    kind,
    isExpired: bytes[0] === EXPIRED_VALUE,
    header: headerOf(bytes),
    staleFromMs: bytes.readUIntBE(STALE_FROM_AT, STALE_FROM_BYTES),
    madeInMs: bytes.readUInt32BE(MADE_IN_AT),
    stamp,
    payload: bytes.subarray(at),
  };
}

import { randomFillSync } from 'node:crypto';

/**
 * What stands in a cache key:
 *
 *     kind (1) | id (16) | epoch token (16) | number of tags (1) | { length (2) | tag | token (16) }… | payload
 *
 * A lease is the right of one reader to fill the key, and has no payload. The id is random and new for each write:
 * compare-and-set looks at the first 17 bytes only, so that its cost does not grow with the value.
 */
const VALUE = 0x56;
const LEASE = 0x4c;
const ID_BYTES = 16;
export const TOKEN_BYTES = 16;
const EPOCH_AT = 1 + ID_BYTES;
const TAGS_AT = EPOCH_AT + TOKEN_BYTES;

/** More tags than this make every read of the entry dear; the number must also fit one byte. */
export const MAX_TAGS = 64;

/** The tokens a value was made under. It is valid as long as all of them are current. */
export interface Stamp {
  readonly epoch: Buffer;
  readonly tags: ReadonlyMap<string, Buffer>;
}

export interface StoredEntry {
  readonly kind: 'value' | 'lease';
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

export const createLease = (stamp: Stamp): Buffer => create(LEASE, stamp, undefined);
export const createEntry = (stamp: Stamp, payload: Buffer): Buffer => create(VALUE, stamp, payload);

/** Kind and id of an entry or lease. */
export const headerOf = (bytes: Buffer): Buffer => bytes.subarray(0, EPOCH_AT);

function create(kind: number, { epoch, tags }: Stamp, payload: Buffer | undefined): Buffer {
  let length = TAGS_AT + 1 + (payload?.length ?? 0);
  for (const tag of tags.keys()) length += 2 + Buffer.byteLength(tag) + TOKEN_BYTES;
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = kind;
  writeRandom(bytes, 1);
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
  const kind = bytes[0] === VALUE ? 'value' : bytes[0] === LEASE ? 'lease' : undefined;
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
  return { kind, header: headerOf(bytes), stamp, payload: bytes.subarray(at) };
}

/** Tokens out of a larger network buffer, which they would keep alive. */
export function copyOfStamp({ epoch, tags }: Stamp): Stamp {
  const copies = [...tags].map(([tag, token]) => [tag, Buffer.from(token)] as const);
  return { epoch: Buffer.from(epoch), tags: new Map(copies) };
}

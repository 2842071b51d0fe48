import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
} from 'node:zlib';
import { promisify } from 'node:util';
import { CodecError } from '../redis-kit.error.js';
import { safeMessage } from '../redact.js';
import { JSON_FORMAT, MSGPACK_FORMAT, type ValueFormat } from './value-formats.js';

export interface CodecOptions {
  readonly format: 'msgpack' | 'json';
  /** Payloads above this many bytes are compressed; `Infinity`: none. */
  readonly compressAbove: number;
  /** Largest payload in bytes, as stored. */
  readonly maxEncodedBytes: number;
  /** Largest payload in bytes after decompression. */
  readonly maxDecodedBytes: number;
}

/** Set in the header of a compressed payload. */
const BROTLI = 0x80;
/** `undefined` has no payload at all, in every format. */
const UNDEFINED = 0x00;

/** Handing a buffer to the thread pool costs more than compressing up to about this size. */
const SYNC_LIMIT_BYTES = 32_768;
/** Level 4 compresses JSON-like data about as well as gzip 6, at a fraction of brotli's default cost. */
const BROTLI_OPTIONS = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

const compressInPool = promisify<Buffer, object, Buffer>(brotliCompress);
const decompressInPool = promisify<Buffer, object, Buffer>(brotliDecompress);

const FORMATS = new Map<number, ValueFormat>(
  [MSGPACK_FORMAT, JSON_FORMAT].map((format) => [format.id, format]),
);

/**
 * Turns values into bytes and back: one header byte (format, compression), then the payload.
 *
 * Any codec reads what any other wrote, so the format of a cache can be changed while it is full. Small values are
 * handled synchronously, large ones in the thread pool: hence `T | Promise<T>`.
 */
export class Codec {
  readonly #format: ValueFormat;

  constructor(private readonly options: CodecOptions) {
    this.#format = options.format === 'json' ? JSON_FORMAT : MSGPACK_FORMAT;
  }

  /** @throws CodecError when the value cannot be encoded or is larger than allowed. */
  encode(value: unknown): Buffer | Promise<Buffer> {
    if (value === undefined) return Buffer.of(UNDEFINED);
    const payload = attempt('encode', () => this.#format.encode(value));
    const { maxDecodedBytes } = this.options;
    if (payload.length > maxDecodedBytes) throw tooLarge(payload.length, maxDecodedBytes);
    if (payload.length <= this.options.compressAbove) {
      return this.#withHeader(this.#format.id, payload);
    }
    if (payload.length <= SYNC_LIMIT_BYTES) {
      return this.#smaller(payload, brotliCompressSync(payload, BROTLI_OPTIONS));
    }
    return compressInPool(payload, BROTLI_OPTIONS).then((packed) => this.#smaller(payload, packed));
  }

  /** @throws CodecError when the bytes are not a payload of ours, truncated or larger than allowed. */
  decode(bytes: Buffer): unknown {
    const header = bytes[0];
    if (header === UNDEFINED && bytes.length === 1) return undefined;
    if (bytes.length > this.options.maxEncodedBytes)
      throw tooLarge(bytes.length, this.options.maxEncodedBytes);
    const format = header === undefined ? undefined : FORMATS.get(header & ~BROTLI);
    if (!format) throw new CodecError('The payload has an unknown header');
    const payload = bytes.subarray(1);
    const decode = (plain: Buffer) => parse(format, plain);
    if ((header! & BROTLI) === 0) return decode(payload);

    // `maxOutputLength` ends a decompression bomb before it fills the memory.
    const limit = { maxOutputLength: this.options.maxDecodedBytes };
    if (payload.length <= SYNC_LIMIT_BYTES) {
      return decode(attempt('decompress', () => brotliDecompressSync(payload, limit)));
    }
    return decompressInPool(payload, limit).then(decode, (error: unknown) => {
      throw new CodecError(`Cannot decompress: ${safeMessage(error)}`, { cause: error });
    });
  }

  #smaller(payload: Buffer, packed: Buffer): Buffer {
    return packed.length < payload.length
      ? this.#withHeader(this.#format.id | BROTLI, packed)
      : this.#withHeader(this.#format.id, payload);
  }

  #withHeader(header: number, payload: Buffer): Buffer {
    if (payload.length + 1 > this.options.maxEncodedBytes) {
      throw tooLarge(payload.length + 1, this.options.maxEncodedBytes);
    }
    const bytes = Buffer.allocUnsafe(payload.length + 1);
    bytes[0] = header;
    payload.copy(bytes, 1);
    return bytes;
  }
}

/** The messages of parsers quote what they stumbled over: part of a value, which belongs in no log. */
function parse(format: ValueFormat, plain: Buffer): unknown {
  try {
    return format.decode(plain);
  } catch (error) {
    throw new CodecError('Cannot decode: the payload is damaged or of another format', {
      cause: error,
    });
  }
}

function attempt<T>(verb: 'encode' | 'decompress', work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new CodecError(`Cannot ${verb}: ${safeMessage(error)}`, { cause: error });
  }
}

function tooLarge(bytes: number, limit: number): CodecError {
  return new CodecError(`A payload of ${bytes} bytes is above the limit of ${limit}`);
}

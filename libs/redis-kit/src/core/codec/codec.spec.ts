import { isDeepStrictEqual } from 'node:util';
import { isPromise } from 'node:util/types';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { CodecError } from '../redis-kit.error.js';
import { Codec, type CodecOptions } from './codec.js';

const codec = (options: Partial<CodecOptions> = {}): Codec =>
  new Codec({
    format: 'msgpack',
    compressAbove: Infinity,
    maxEncodedBytes: 8 * 1024 * 1024,
    maxDecodedBytes: 8 * 1024 * 1024,
    ...options,
  });

const FORMATS = ['msgpack', 'json'] as const;

/** Bytes of a value that is handled synchronously. */
function encodeNow(by: Codec, value: unknown): Buffer {
  const bytes = by.encode(value);
  if (bytes instanceof Promise) throw new Error('The value was handed to the thread pool');
  return bytes;
}

type TypedArrays = Record<string, new (buffer: ArrayBuffer) => Uint8Array>;

const mainRealm = (): TypedArrays =>
  (Buffer.constructor as (code: string) => () => TypedArrays)('return globalThis')();

/** What an action ends with, synchronously or not. */
async function outcome(act: () => unknown): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    return error;
  }
}

/** Zero of one sign only: neither format keeps the other one. */
const positiveZero = (value: number): number => (value === 0 ? 0 : value);

const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.integer(),
  fc.double().map(positiveZero),
  fc.maxSafeInteger(),
  fc.bigInt(),
  fc.boolean(),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(null, undefined, NaN, Infinity, -Infinity),
);

const bytes = fc.oneof(
  fc.uint8Array(),
  fc.uint8Array().map((array) => Buffer.from(array)),
);

const memberName = fc
  .string({ unit: 'binary', maxLength: 40 })
  .filter((name) => name !== '__proto__');

const { structured } = fc.letrec((tie) => ({
  structured: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    bytes,
    fc.array(tie('structured'), { maxLength: 5 }),
    fc.dictionary(memberName, tie('structured'), { maxKeys: 5, noNullPrototype: true }),
    fc.array(fc.tuple(scalar, tie('structured')), { maxLength: 5 }).map((all) => new Map(all)),
    fc.array(tie('structured'), { maxLength: 5 }).map((all) => new Set(all)),
  ),
}));

const jsonValue = fc
  .jsonValue({ stringUnit: 'binary', depthSize: 'small' })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')) as unknown);

describe('a value', () => {
  it('comes back from msgpack as it went in: dates, maps, sets, big integers, bytes, undefined', () => {
    fc.assert(
      fc.property(structured, (value) => {
        return isDeepStrictEqual(codec().decode(encodeNow(codec(), value)), value);
      }),
    );
  });

  it('comes back from JSON when JSON can hold it', () => {
    const json = codec({ format: 'json' });
    fc.assert(
      fc.property(jsonValue, (value) => {
        return isDeepStrictEqual(json.decode(encodeNow(json, value)), value);
      }),
    );
  });

  it('is read by a codec of the other format, so that the format of a full cache can change', () => {
    fc.assert(
      fc.property(jsonValue, fc.constantFrom(...FORMATS), fc.boolean(), (value, format, packed) => {
        const writer = codec({ format, compressAbove: packed ? 0 : Infinity });
        const reader = codec({ format: format === 'json' ? 'msgpack' : 'json' });
        return isDeepStrictEqual(reader.decode(encodeNow(writer, value)), value);
      }),
    );
  });

  it.each(['Int8', 'Uint8Clamped', 'Int32', 'Float32', 'Float64', 'BigInt64'])(
    'may be an array of %s in msgpack',
    (type) => {
      // Jest gives specs a realm of their own. The library that is tried here knows the arrays of the main one.
      const { [`${type}Array`]: TypedArray } = mainRealm();
      const array = new TypedArray!(Uint8Array.from([0, 1, 0, 127, 128, 255, 7, 7]).buffer);
      const decoded = codec().decode(encodeNow(codec(), array)) as Uint8Array;
      expect(decoded.constructor.name).toBe(`${type}Array`);
      expect(Buffer.from(decoded.buffer)).toEqual(Buffer.from(array.buffer));
    },
  );

  it.each(FORMATS)('may be undefined in %s, and takes one byte', (format) => {
    expect(encodeNow(codec({ format }), undefined)).toHaveLength(1);
    expect(codec().decode(encodeNow(codec({ format }), undefined))).toBeUndefined();
  });

  it('keeps its circular references and its invalid dates in msgpack', () => {
    const value: { self?: unknown; at: Date } = { at: new Date(NaN) };
    value.self = value;
    const decoded = codec().decode(encodeNow(codec(), value)) as typeof value;
    expect(decoded.self).toBe(decoded);
    expect(decoded.at.getTime()).toBeNaN();
  });

  it('is text other programs can read in JSON', () => {
    const written = encodeNow(codec({ format: 'json' }), { at: new Date(0), gone: undefined });
    expect(written.subarray(1).toString()).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  it('may lie anywhere in a larger buffer', () => {
    const value = { name: 'é'.repeat(200), list: [1, 'two', new Date(3)] };
    for (const format of FORMATS) {
      const encoded = encodeNow(codec({ format }), value);
      const around = Buffer.alloc(encoded.length + 14, 0xff);
      encoded.copy(around, 7);
      const decoded = codec().decode(around.subarray(7, 7 + encoded.length));
      expect(decoded).toEqual(codec().decode(encoded));
    }
  });
});

describe('what cannot be encoded', () => {
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const deep = Array.from({ length: 15_000 }).reduce<unknown>((inner) => [inner], []);
  const angry = {
    toJSON() {
      throw new Error('not for sale');
    },
  };

  it.each([
    ['json', 'a function', () => 1],
    ['json', 'a symbol', Symbol('s')],
    ['json', 'a big integer', 1n],
    ['json', 'a circular object', circular],
    ['json', 'a toJSON that throws', angry],
    ['json', 'a structure without end', deep],
    ['msgpack', 'a symbol', Symbol('s')],
    ['msgpack', 'a symbol within', { list: [Symbol('s')] }],
    ['msgpack', 'a structure without end', deep],
  ] as const)('is a CodecError in %s: %s', (format, _, value) => {
    const act = () => codec({ format }).encode(value);
    expect(act).toThrow(CodecError);
    expect(act).toThrow('Cannot encode: ');
    // The shared encoder is none the worse for it.
    expect(codec().decode(encodeNow(codec(), { a: 1 }))).toEqual({ a: 1 });
  });
});

describe('compression', () => {
  const text = 'the same words again and again '.repeat(20);

  it('begins above the given size', () => {
    const plain = encodeNow(codec(), text);
    const size = plain.length - 1;
    expect(encodeNow(codec({ compressAbove: size }), text)).toEqual(plain);
    expect(encodeNow(codec({ compressAbove: size - 1 }), text).length).toBeLessThan(200);
  });

  it('is left out when it makes nothing smaller', () => {
    const noise = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 167) % 251));
    expect(encodeNow(codec({ compressAbove: 0 }), noise)).toEqual(encodeNow(codec(), noise));
  });

  it.each(FORMATS)('of large values runs in the thread pool, in %s', async (format) => {
    const value = { words: text.repeat(200) };
    const packed = codec({ format, compressAbove: 0 }).encode(value);
    expect(isPromise(packed)).toBe(true);
    expect((await packed).length).toBeLessThan(2_000);
    expect(await codec().decode(await packed)).toEqual(value);
  });

  it('that stays large is undone in the thread pool', async () => {
    const value = incompressible(60_000);
    const packed = await codec({ compressAbove: 0 }).encode(value);
    const decoded = codec().decode(packed);
    expect(packed.length).toBeGreaterThan(40_000);
    expect(isPromise(decoded)).toBe(true);
    expect(await decoded).toBe(value);
  });
});

/** Text of six bits a character: brotli gains a quarter and no more. */
function incompressible(length: number): string {
  let seed = 1;
  return Array.from({ length }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return String.fromCharCode(48 + ((seed >> 16) % 64));
  }).join('');
}

describe('a size limit', () => {
  const cases = [
    ['small', 'abc'.repeat(100)],
    ['large', incompressible(60_000)],
  ] as const;

  it.each(cases)('holds for stored bytes, to the byte: %s', async (_, value) => {
    for (const compressAbove of [0, Infinity]) {
      const { length } = await codec({ compressAbove }).encode(value);
      const exact = codec({ compressAbove, maxEncodedBytes: length });
      const tight = codec({ compressAbove, maxEncodedBytes: length - 1 });
      const encoded = await exact.encode(value);
      expect(await exact.decode(encoded)).toBe(value);
      const refused = [
        await outcome(() => tight.encode(value)),
        await outcome(() => tight.decode(encoded)),
      ];
      for (const error of refused) expect(error).toBeInstanceOf(CodecError);
      expect(String(refused[0])).toContain(`${length} bytes is above the limit of ${length - 1}`);
    }
  });

  it.each(cases)('holds for decompressed bytes, to the byte: %s', async (_, value) => {
    const packed = await codec({ compressAbove: 0 }).encode(value);
    const size = (await codec().encode(value)).length - 1;
    expect(await codec({ maxDecodedBytes: size }).decode(packed)).toBe(value);
    const refused = await outcome(() => codec({ maxDecodedBytes: size - 1 }).decode(packed));
    expect(refused).toBeInstanceOf(CodecError);
  });

  it.each(cases)('keeps a value from being stored that could not be read: %s', async (_, value) => {
    const size = (await codec().encode(value)).length - 1;
    const limit = (maxDecodedBytes: number) => codec({ compressAbove: 0, maxDecodedBytes });
    expect(await outcome(() => limit(size - 1).encode(value))).toBeInstanceOf(CodecError);
    expect(await limit(size).decode(await limit(size).encode(value))).toBe(value);
  });
});

describe('memory', () => {
  it('of decoded bytes is their own, so a value neither pins nor follows the buffer it came from', async () => {
    const value = {
      buffer: Buffer.from('buffer'),
      array: new Uint8Array([1, 2, 3]),
    };
    for (const compressAbove of [0, Infinity]) {
      const encoded = await codec({ compressAbove }).encode(value);
      const decoded = (await codec().decode(encoded)) as typeof value;
      encoded.fill(0);
      expect(isDeepStrictEqual(decoded, value)).toBe(true);
      for (const part of Object.values(decoded)) {
        expect(part.buffer).not.toBe(encoded.buffer);
        expect(part.buffer.byteLength).toBeLessThan(1_000);
      }
    }
  });

  it('of encoded bytes is their own, so a later value does not overwrite them', () => {
    const first = encodeNow(codec(), { name: 'first' });
    const copy = Buffer.from(first);
    for (let i = 0; i < 100; i++) encodeNow(codec(), { name: 'other', i });
    expect(first).toEqual(copy);
  });
});

import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from '@jest/globals';
import { CodecError } from '../redis-kit.error.js';
import { Codec } from './codec.js';

const MEGABYTE = 1024 * 1024;
const MSGPACK = 1;
const JSON_TEXT = 2;
const BROTLI = 0x80;

const codec = new Codec({
  format: 'msgpack',
  compressAbove: Infinity,
  maxEncodedBytes: 8 * MEGABYTE,
  maxDecodedBytes: MEGABYTE,
});

/** 256 MB of zeros, compressed. */
const BOMB = Buffer.from(
  'z///fwAkAOKxQHLv//n//w+ABEAcFoDu/T////8BkACIwwLQvf/n//8/ABIAcVgAuvf//P//B0ACIA4LQPf+n////wBIAMRhAeje//P//x8ACYA4LADd+3/+//8DIAEQhwWge//P//9/ACQA4rAAdO//+f//D4AEQBwWgO79P////wGQAIjDAtC9/+f//z8AEgBxWAC69//8//8HQAIgDgtA9/6f////AEgAxGEB6N7/8///HwAJgDgsAN37f/7//wMgARCHBaB7/z8=',
  'base64',
);

const payload = (header: number, body: Buffer | string): Buffer =>
  Buffer.concat([Buffer.of(header), Buffer.from(body)]);

/** Decodes bytes of which nothing is known; rejects when they do more than be refused with a CodecError. */
async function decodeHostile(bytes: Buffer): Promise<unknown> {
  try {
    return await codec.decode(bytes);
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
}

const SAMPLE = {
  id: 42,
  name: 'crème brûlée',
  long: 'x'.repeat(70),
  tags: new Set(['a', 'b']),
  prices: new Map([
    ['eur', 1.5],
    ['usd', -3e9],
  ]),
  at: new Date(1_700_000_000_123),
  big: 2n ** 70n,
  bytes: Buffer.from([0, 127, 128, 255]),
  rows: [
    { a: 1, b: null },
    { a: 2, b: undefined },
    { a: 3, b: true },
  ],
};
const encodedSample = codec.encode(SAMPLE) as Buffer;
const encodedJson = payload(JSON_TEXT, JSON.stringify({ a: [1, { b: 'text' }], c: null }));
const encodedBrotli = payload(
  MSGPACK | BROTLI,
  brotliCompressSync(new Packr().pack({ name: 'crème brûlée '.repeat(9), id: 42, tags: ['a'] })),
);

describe('truncated bytes', () => {
  it.each([
    ['msgpack', encodedSample],
    ['JSON', encodedJson],
    ['brotli', encodedBrotli],
  ])('are refused at every length: %s', async (_, bytes) => {
    const accepted: number[] = [];
    for (let length = 0; length < bytes.length; length++) {
      const outcome = await decodeHostile(bytes.subarray(0, length));
      if (!(outcome instanceof CodecError)) accepted.push(length);
    }
    expect(accepted).toEqual([]);
  });
});

describe('damaged bytes', () => {
  it.each([
    ['msgpack', encodedSample],
    ['JSON', encodedJson],
    ['brotli', encodedBrotli],
  ])('are a value or a CodecError, whichever bit is flipped: %s', async (_, bytes) => {
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      await decodeHostile(damaged);
    }
    expect(await codec.decode(encodedSample)).toEqual(SAMPLE);
  });

  it('are a value or a CodecError, whatever they are, and leave the decoder as it was', async () => {
    const header = fc.constantFrom(MSGPACK, JSON_TEXT, MSGPACK | BROTLI, JSON_TEXT | BROTLI);
    const { rows } = SAMPLE;
    const good = codec.encode(rows) as Buffer;
    await fc.assert(
      fc.asyncProperty(header, fc.uint8Array({ maxLength: 200 }), async (header, body) => {
        await decodeHostile(payload(header, Buffer.from(body)));
        return isDeepStrictEqual(await codec.decode(good), rows);
      }),
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['undefined with more behind it', Buffer.of(0, 0)],
    ['an unknown format', Buffer.of(3, 1)],
    ['a compressed nothing', Buffer.of(BROTLI)],
    ['a format without a payload', Buffer.of(MSGPACK)],
    ['text without a payload', Buffer.of(JSON_TEXT)],
    ['an array of four billion items', payload(MSGPACK, Buffer.from('ddffffffff', 'hex'))],
    ['a map of four billion members', payload(MSGPACK, Buffer.from('dfffffffff', 'hex'))],
    ['text of four billion bytes', payload(MSGPACK, Buffer.from('dbffffffff', 'hex'))],
    ['bytes of four billion bytes', payload(MSGPACK, Buffer.from('c6ffffffff', 'hex'))],
    ['arrays within arrays without end', payload(MSGPACK, Buffer.alloc(100_000, 0x91))],
    ['a value and another one', payload(MSGPACK, Buffer.of(1, 1))],
    ['a pattern that is none', payload(MSGPACK, Buffer.from('d4780092a128a0', 'hex'))],
    ['a pointer to nothing', payload(MSGPACK, Buffer.from('d67000000007', 'hex'))],
  ])('are refused when they are %s', async (_, bytes) => {
    expect(await decodeHostile(bytes)).toBeInstanceOf(CodecError);
  });

  it('are told without what stands in them', async () => {
    const secret = 'hunter2';
    const damaged = [
      payload(JSON_TEXT, `{ "password": "${secret}" `),
      payload(JSON_TEXT, `${secret}`),
      payload(MSGPACK, Buffer.concat([codec.encode(secret) as Buffer, Buffer.of(1)]).subarray(1)),
    ];
    for (const bytes of damaged) {
      const error = (await decodeHostile(bytes)) as Error;
      expect(error.message).toMatch(/^Cannot decode/);
      expect(error.message).not.toContain(secret);
      expect(error.cause).toBeInstanceOf(Error);
    }
  });
});

describe('a decompression bomb', () => {
  it.each([
    ['in one piece', () => payload(MSGPACK | BROTLI, BOMB)],
    [
      'too large for the main thread',
      () => {
        const noise = randomBytes(40_000);
        const params = { [constants.BROTLI_PARAM_QUALITY]: 0 };
        const body = Buffer.concat([noise, Buffer.alloc(4 * MEGABYTE)]);
        return payload(MSGPACK | BROTLI, brotliCompressSync(body, { params }));
      },
    ],
  ])('is refused before it fills the memory: %s', async (_, make) => {
    const bytes = make();
    const before = process.memoryUsage();
    const outcome = await decodeHostile(bytes);
    const after = process.memoryUsage();
    expect(outcome).toBeInstanceOf(CodecError);
    expect(after.external - before.external).toBeLessThan(8 * MEGABYTE);
  });
});

const escaped = (text: string): string =>
  [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

describe('a member named __proto__', () => {
  const named = JSON.parse('{ "__proto__": { "admin": true }, "a": 1 }') as object;
  const plain = new Packr({ useRecords: false, variableMapSize: true });

  it.each([
    ['JSON', payload(JSON_TEXT, JSON.stringify(named))],
    ['JSON within', payload(JSON_TEXT, JSON.stringify({ list: [named] }))],
    ['JSON with an escape', payload(JSON_TEXT, '{"\\u005f_proto__":{"admin":true},"a":1}')],
    ['JSON with escapes only', payload(JSON_TEXT, `{"${escaped('__proto__')}":{"admin":true}}`)],
    ['JSON twice', payload(JSON_TEXT, '{"__proto__":1,"__proto__":{"admin":true}}')],
    ['msgpack records', codec.encode(named) as Buffer],
    ['msgpack records, often', codec.encode(Array.from({ length: 9 }, () => named)) as Buffer],
    ['msgpack maps', payload(MSGPACK, plain.pack(named))],
    ['msgpack maps within', payload(MSGPACK, plain.pack([{ list: [named] }]))],
  ])('is never an own member of a decoded value, nor its prototype: %s', async (_, bytes) => {
    for (const object of objectsIn(await codec.decode(bytes))) {
      expect(Object.hasOwn(object, '__proto__')).toBe(false);
      expect((object as { admin?: boolean }).admin).toBeUndefined();
    }
  });

  it('does no harm to the other members, or to texts of that name', async () => {
    const text = '{"__proto__":1,"a":"\\u005f_proto__","b":{"c":[1,"__proto__"]}}';
    expect(await codec.decode(payload(JSON_TEXT, text))).toEqual({
      a: '__proto__',
      b: { c: [1, '__proto__'] },
    });
  });
});

/** Every object within a value, except what stood under the name in question. */
function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  const members: [unknown, unknown][] =
    value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
  return [
    value,
    ...members.flatMap(([name, inner]) =>
      String(name).startsWith('__proto') ? [] : objectsIn(inner),
    ),
  ];
}

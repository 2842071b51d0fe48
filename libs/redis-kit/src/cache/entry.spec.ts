import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import {
  createEntry,
  createLease,
  createToken,
  headerOf,
  MAX_TAGS,
  parseEntry,
  TOKEN_BYTES,
  type Stamp,
} from './entry.js';

const stampOf = (...tags: string[]): Stamp => ({
  epoch: createToken(),
  tags: new Map(tags.map((tag) => [tag, createToken()])),
});

const stamp = fc
  .uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), { maxLength: 8 })
  .map((tags) => stampOf(...tags));

describe('an entry', () => {
  it('is read as it was written: kind, tokens, tags and every byte of the payload', () => {
    fc.assert(
      fc.property(stamp, fc.uint8Array({ maxLength: 300 }), (stamp, bytes) => {
        const payload = Buffer.from(bytes);
        const written = createEntry(stamp, payload);
        const read = parseEntry(written)!;
        expect(read.kind).toBe('value');
        expect(read.stamp).toEqual(stamp);
        expect(read.payload.equals(payload)).toBe(true);
        expect(read.header).toEqual(headerOf(written));
      }),
    );
  });

  it('is told from a lease', () => {
    const stamp = stampOf('a');
    expect(parseEntry(createLease(stamp))).toMatchObject({ kind: 'lease', stamp });
    expect(parseEntry(createLease(stamp))!.payload).toHaveLength(0);
    expect(parseEntry(createEntry(stamp, Buffer.alloc(0)))!.kind).toBe('value');
  });

  it('may have as many and as long tags as a value may', () => {
    const tags = Array.from({ length: MAX_TAGS }, (_, i) => `${i}`.padEnd(512, 'é').slice(0, 257));
    const stamp = stampOf(...tags);
    expect(parseEntry(createEntry(stamp, Buffer.from('x')))!.stamp).toEqual(stamp);
  });

  it('has a header of its own each time, which says nothing about the value', () => {
    const stamp = stampOf();
    const headers = new Set<string>();
    for (let i = 0; i < 1_000; i++) {
      headers.add(headerOf(createEntry(stamp, Buffer.from('same'))).toString('hex'));
      headers.add(headerOf(createLease(stamp)).toString('hex'));
    }
    expect(headers.size).toBe(2_000);
    expect(headerOf(createLease(stamp))).toHaveLength(17);
  });

  it('is not written over by the ones made after it', () => {
    const entries = Array.from({ length: 300 }, () => createLease(stampOf('a')));
    const copies = entries.map((entry) => Buffer.from(entry));
    for (let i = 0; i < 300; i++) createToken();
    expect(entries.every((entry, i) => entry.equals(copies[i]!))).toBe(true);
  });
});

describe('a token', () => {
  it('is 16 random bytes, never the same', () => {
    const tokens = new Set(Array.from({ length: 5_000 }, () => createToken().toString('hex')));
    expect(tokens.size).toBe(5_000);
    expect(createToken()).toHaveLength(TOKEN_BYTES);
  });
});

describe('bytes of somebody else', () => {
  const whole = createEntry(stampOf('first', 'second'), Buffer.alloc(0));

  it('are no entry when they are cut off, at any length', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(parseEntry(whole.subarray(0, length))).toBeUndefined();
    }
    expect(parseEntry(whole)).toBeDefined();
  });

  it.each([
    ['text', Buffer.from('just a text that another program put here, long enough to be one')],
    ['an unknown kind', Buffer.concat([Buffer.of(0x57), whole.subarray(1)])],
    ['nothing', Buffer.alloc(0)],
    ['more tags than it has bytes', Buffer.concat([whole.subarray(0, 33), Buffer.of(255, 0)])],
  ])('are no entry when they are %s', (_, bytes) => {
    expect(parseEntry(bytes)).toBeUndefined();
  });

  it('never make the reader fail', () => {
    const kind = fc.constantFrom(0x56, 0x4c, 0x00);
    fc.assert(
      fc.property(kind, fc.uint8Array({ minLength: 20, maxLength: 120 }), (kind, bytes) => {
        const entry = parseEntry(Buffer.from([kind, ...bytes]));
        expect(entry === undefined || entry.payload.length < bytes.length).toBe(true);
      }),
    );
  });
});

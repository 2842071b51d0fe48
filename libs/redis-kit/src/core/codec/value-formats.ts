import { Packr } from 'msgpackr';

/** How values become bytes. The id stands in the header of each payload and never changes its meaning. */
export interface ValueFormat {
  readonly id: number;
  encode(value: unknown): Buffer;
  decode(bytes: Buffer): unknown;
}

// Types that JSON loses survive: Date, Map, Set, BigInt, NaN, undefined members, typed arrays, circular references.
// `__proto__` members come out as `__proto_`. Buffers are copied, so a value does not pin the network buffer.
const packr = new Packr({ structuredClone: true, moreTypes: true, copyBuffers: true });

export const MSGPACK_FORMAT: ValueFormat = {
  id: 1,
  encode: (value) => packr.pack(value),
  decode: (bytes) => packr.unpack(bytes) as unknown,
};

/** Own `__proto__` members are dropped: merged into another object later, they would replace its prototype. */
const withoutProto = (key: string, value: unknown): unknown =>
  key === '__proto__' ? undefined : value;

/** A name can be spelt with escapes, so those go through the (slower) check as well. */
const MAY_NAME_PROTO = /__proto__|\\u/;

export const JSON_FORMAT: ValueFormat = {
  id: 2,
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError(`JSON has no form for a ${typeof value}`);
    return Buffer.from(text);
  },
  decode(bytes) {
    const text = bytes.toString('utf8');
    return JSON.parse(text, MAY_NAME_PROTO.test(text) ? withoutProto : undefined) as unknown;
  },
};

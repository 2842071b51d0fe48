import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { keyOf } from './cache-key.js';
import { CacheKeyError } from './cache.errors.js';

const keyOfCall = keyOf(undefined, (..._args: never[]) => undefined, 'find');

/** The key of a call without a template. */
const derive = (...args: unknown[]): string => keyOfCall(args, 'Products');

class Money {
  constructor(
    readonly amount: number,
    readonly currency: string,
  ) {}
}
class Weight {
  constructor(
    readonly amount: number,
    readonly currency: string,
  ) {}
}
/** As date and decimal libraries have it: nothing to see from outside but its JSON. */
class Hidden {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toJSON(): string {
    return this.#text;
  }
}
class Measured {
  readonly #value: number;
  constructor(value: number) {
    this.#value = value;
  }
  valueOf(): number {
    return this.#value;
  }
}

describe('a derived key', () => {
  it.each([
    [[], 'Products.find()'],
    [[42], 'Products.find(42)'],
    [[42, 'en'], 'Products.find(42,"en")'],
    [[null, undefined, true, 1n, NaN], 'Products.find(null,undefined,true,1n,NaN)'],
    [['a","b'], 'Products.find("a\\",\\"b")'],
  ])('of scalars can be read: %p is %s', (args, key) => {
    expect(derive(...args)).toBe(key);
  });

  it('of anything else is a digest', () => {
    expect(derive({ page: 1 })).toMatch(/^Products\.find#[\w-]{22}$/);
    expect(derive('#', {})).toMatch(/^Products\.find#[\w-]{22}$/);
  });

  it('has the name of the class, and none is no name', () => {
    expect(keyOfCall([1], 'Shoes')).not.toBe(keyOfCall([1], 'Hats'));
    expect(() => keyOfCall([1], '')).toThrow(CacheKeyError);
    expect(() => keyOfCall([1], '')).toThrow('find() has no cache key, and its class no name');
  });

  it('is the same for the same content, whatever the order of its members', () => {
    const at = new Date(5);
    const pairs: [unknown, unknown][] = [
      [
        { a: 1, b: { c: 2, d: at } },
        { b: { d: new Date(5), c: 2 }, a: 1 },
      ],
      [new Set([1, 'a']), new Set(['a', 1])],
      [
        new Map<unknown, unknown>([
          ['a', 1],
          [{ x: 1, y: 2 }, 2],
        ]),
        new Map<unknown, unknown>([
          [{ y: 2, x: 1 }, 2],
          ['a', 1],
        ]),
      ],
      [new Money(1, 'eur'), new Money(1, 'eur')],
      [new Hidden('a'), new Hidden('a')],
      [Buffer.from('abc'), Buffer.from('abc')],
      [new URLSearchParams('a=1'), new URLSearchParams('a=1')],
      [{ a: 1 }, runInNewContext('({ a: 1 })')],
      [{ a: 1 }, Object.assign(Object.create(null), { a: 1 })],
    ];
    for (const [one, other] of pairs) expect(derive(one)).toBe(derive(other));
    const shared = { a: 1 };
    expect(derive([shared, shared])).toBe(derive([{ a: 1 }, { a: 1 }]));
  });

  it('is different for values that only look alike', () => {
    const at = new Date(0);
    const values: unknown[] = [
      1,
      '1',
      1n,
      '1n',
      true,
      'true',
      null,
      'null',
      undefined,
      'undefined',
      NaN,
      'NaN',
      '',
      [],
      [[]],
      [undefined],
      [null],
      ['null'],
      {},
      { a: undefined },
      { a: null },
      { a: 1 },
      { a: '1' },
      { 'a:1,b': 2 },
      { a: '1,b:2' },
      { a: 1, b: 2 },
      ["a','b"],
      ['a', 'b'],
      ['a","b'],
      ['a,b'],
      at,
      at.toISOString(),
      at.getTime(),
      [at.toISOString()],
      new Date(NaN),
      new Map(),
      new Set(),
      new Map([['a', 1]]),
      [['a', 1]],
      new Set(['a', 1]),
      ['a', 1],
      new Money(1, 'eur'),
      new Weight(1, 'eur'),
      { amount: 1, currency: 'eur' },
      new Hidden('a'),
      new Hidden('b'),
      new Measured(1),
      new Measured(2),
      Buffer.from('a'),
      new Uint8Array([97]),
      new Uint16Array([97]),
      [97],
      new Uint8Array([97]).buffer,
      new URL('http://a/'),
      new URL('http://b/'),
      new URLSearchParams('a=1'),
      new URLSearchParams('a=2'),
      new Headers({ a: '1' }),
      new Headers({ a: '2' }),
      /a/,
      /a/g,
      '/a/',
      'a\ud83d',
      'a\ud83e',
      'a\ufffd',
      ['a\ud83d'],
      ['a\ud83e'],
      ['a\ufffd'],
      [1, 23],
      [12, 3],
      { constructor: 'a' },
      { constructor: { name: 'Money' }, amount: 1, currency: 'eur' },
      JSON.parse('{ "__proto__": 1 }'),
    ];
    const keys = new Map<string, unknown[]>();
    for (const value of values)
      keys.set(derive(value), [...(keys.get(derive(value)) ?? []), value]);
    expect([...keys.values()].filter(({ length }) => length > 1)).toEqual([]);
    expect(derive()).not.toBe(derive(undefined));
    expect(derive([1], 2)).not.toBe(derive([1, 2]));
  });

  it('is the same exactly for arguments that are equal', () => {
    const text = fc.string({ unit: fc.constantFrom(...`a1'",:{}[]()#\\`), maxLength: 4 });
    const { argument } = fc.letrec((tie) => ({
      argument: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.integer({ min: -1, max: 2 }),
        fc.constantFrom(null, undefined, true, 1n, new Date(0), new Date(1)),
        fc.array(tie('argument'), { maxLength: 3 }),
        fc.dictionary(text, tie('argument'), { maxKeys: 3, noNullPrototype: true }),
        fc.array(fc.tuple(text, tie('argument')), { maxLength: 2 }).map((all) => new Map(all)),
        fc.array(text, { maxLength: 3 }).map((all) => new Set(all)),
      ),
    }));
    const call = fc.array(argument, { maxLength: 3 });
    fc.assert(
      fc.property(call, call, (one, other) => {
        return (derive(...one) === derive(...other)) === isDeepStrictEqual(one, other);
      }),
      { numRuns: 200 },
    );
  });
});

describe('what has no key', () => {
  const circular: { self?: unknown } = {};
  circular.self = [circular];
  const deep = Array.from({ length: 50_000 }).reduce<unknown>((inner) => [inner], []);

  it.each([
    ['a function', () => 1],
    ['a class', Money],
    ['a symbol', Symbol('s')],
    ['a function within', { a: [{ b: () => 1 }] }],
    ['a function in a Map', new Map([['a', () => 1]])],
    ['a method of an instance', Object.assign(new Money(1, 'eur'), { format: () => '1 €' })],
    ['a symbol within', { a: { b: Symbol('s') } }],
    ['a member named by a symbol', { age: { [Symbol('greater than')]: 5 } }],
    ['a Promise', Promise.resolve(1)],
    ['a Promise within', { user: Promise.resolve(1) }],
    ['a WeakMap', new WeakMap()],
    ['a circular reference', circular],
    ['a structure without end', deep],
    ['an Error', new Error('no key')],
  ])('is refused instead of sharing one: %s', (_, value) => {
    expect(() => derive(value)).toThrow(CacheKeyError);
    expect(() => derive(1, value)).toThrow(CacheKeyError);
    expect(() => derive(value)).toThrow("cannot be part of a cache key; give the method's");
  });
});

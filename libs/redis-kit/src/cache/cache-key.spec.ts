import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { keyOf, tagsOf, type CacheKey } from './cache-key.js';
import { CacheKeyError } from './cache.errors.js';

class Query {
  constructor(
    readonly page: number | undefined,
    readonly filter?: { readonly color: string },
  ) {}
}

class Products {
  one(_id: unknown): void {}
  two(_id: unknown, _lang: unknown): void {}
  three(_a: unknown, _b: unknown, _c: unknown): void {}
  paged(_query: Query, { lang: _lang }: { lang?: string } = {}, ..._tags: string[]): void {}
}
const products = Products.prototype;

type Method = (...args: never[]) => unknown;

const templateKey =
  (template: string, method: Method = products.two) =>
  (...args: unknown[]): string =>
    keyOf(template, method, 'find')(args, 'Products');

const prepare =
  (key: CacheKey, method: Method = products.two) =>
  (): unknown =>
    keyOf(key, method, 'find');

describe('a key template', () => {
  it.each([
    ['product:{_id}', [42], 'product:42'],
    ['product:{_id}:{_lang}', [42, 'en'], 'product:42:en'],
    ['{_lang}/{_id}', [42, 'en'], 'en/42'],
    ['product:{0}:{1}', [42, 'en'], 'product:42:en'],
    ['{_id.name}', [{ name: 'mug' }], 'mug'],
    ['{0.address.city}', [{ address: { city: 'Bath' } }], 'Bath'],
    ['{0.length}', ['four'], '4'],
    ['all', [], 'all'],
    ['{_id}', [true], 'true'],
    ['{_id}', [10n], '10'],
    ['{_id}', [-1.5e-7], '-1.5e-7'],
    ['{_id}', [undefined], '~undefined'],
    ['{_id}', [null], '~null'],
    ['{_id.name.first}', [null], '~undefined'],
    ['{_id}', ['3b241101-e2bb-4255-8caf-4136c566a962'], '3b241101-e2bb-4255-8caf-4136c566a962'],
    ['{_id}', ['a@b.example'], 'a@b.example'],
    ['{_id}', ['a:b {c} ~d 100%\n'], 'a%3Ab%20%7Bc%7D%20%7Ed%20100%25%0A'],
    ['{_id}', ['~null'], '%7Enull'],
    ['{_id}', ['crème 🍮'], 'crème%20🍮'],
  ])('%s of %p is %s', (template, args, key) => {
    expect(templateKey(template)(...args)).toBe(key);
  });

  it('may name the position of parameters without a name, and those that take the rest', () => {
    const key = templateKey('page:{_query.page}:{1.lang}:{2}:{3}', products.paged);
    expect(key(new Query(3), { lang: 'en' }, 'a')).toBe('page:3:en:a:~undefined');
  });

  it('holds a digest of what has no short text, the same for the same content', () => {
    const key = templateKey('list:{_id}');
    expect(key({ a: 1, b: [2] })).toMatch(/^list:~[\w-]{22}$/);
    expect(key({ a: 1, b: [2] })).toBe(key({ b: [2], a: 1 }));
    expect(key({ a: 1, b: [2] })).not.toBe(key({ a: 1, b: [3] }));
    expect(key(new Date(0))).not.toBe(key(new Date(1)));
  });

  it.each([
    ['{id}', /names \{id\}, but its parameters are \(_id, _lang\)\. Use a parameter, a path/],
    ['product:{}', /names \{\}/],
    ['{_id.}', /names \{_id\.\}/],
    ['{_id..name}', /names \{_id\.\.name\}/],
    ['{.name}', /names \{\.name\}/],
    ['{ _id }', /names \{ _id \}/],
    ['{-1}', /names \{-1\}/],
    ['{2}', /names \{2\}/],
    ['{_id', /unpaired brace/],
    ['_id}', /unpaired brace/],
    ['{_id}}', /unpaired brace/],
    ['{{_id}}', /unpaired brace/],
    ['', /is empty/],
    ['{_id}{_lang}', /a separator between \{_id\} and \{_lang\}/],
    ['{_id}x{_lang}', /a separator between/],
    ['{_id}~{_lang}', /a separator between/],
    ['{_id}%{_lang}', /a separator between/],
  ])('is refused when the class is decorated: %s', (template, message) => {
    expect(prepare(template)).toThrow(CacheKeyError);
    expect(prepare(template)).toThrow(message);
    expect(prepare(template)).toThrow("'" + template + "' of find()");
  });

  it('is refused when it names parameters that have no name, or all of the rest', () => {
    expect(prepare('{lang}', products.paged)).toThrow('its parameters are (_query, ..._tags)');
    expect(prepare('{_tags}', products.paged)).toThrow('names {_tags}');
    expect(prepare('{9}', products.paged)).not.toThrow();
  });

  it('of a method wrapped by another decorator may name positions only', () => {
    const wrapped = products.two.bind(products) as Method;
    expect(prepare('{0}:{7}', wrapped)).not.toThrow();
    expect(prepare('{_id}', wrapped)).toThrow('its parameters are not known by name');
  });

  it.each([
    ['function', () => 1],
    ['symbol', Symbol('s')],
    ['function within', { filter: { by: () => 1 } }],
    ['symbol within', [[Symbol('s')]]],
  ])('takes no %s', (_, value) => {
    expect(() => templateKey('{_id}')(value)).toThrow(CacheKeyError);
  });
});

describe('keys of a template', () => {
  /** Text that tries to look like the template around it. */
  const imitation = fc.oneof(
    fc.string({
      unit: fc.constantFrom(...':-/.|_ab1%~{}', '%3A', '%2D', '~null', '~undefined', ' ', '→'),
      maxLength: 8,
    }),
    fc.array(fc.integer({ min: 0xd7fe, max: 0xe001 }), { maxLength: 3 }).map(fromCodeUnits),
  );
  const argument = fc.oneof(imitation, fc.constantFrom(null, undefined));

  it.each([
    'p:{_a}:{_b}:{_c}',
    '{_a}-{_b}-{_c}',
    '{_a}-{_b}/{_c}',
    'a{_a}.a{_b}_1{_c}a',
    '{_a} {_b}→{_c}',
    '{_a}|{_b}||{_c}',
    '{_c}:{_a}-{_b}',
  ])('are different for different arguments: %s', (template) => {
    const key = templateKey(template, products.three);
    const tuple = fc.tuple(argument, argument, argument);
    fc.assert(
      fc.property(tuple, tuple, (one, other) => {
        const isSame = one.every((value, i) => value === other[i]);
        return (key(...one) === key(...other)) === isSame;
      }),
      { numRuns: 100 },
    );
  });

  it('stay different as bytes, also for text that is no well-formed Unicode', () => {
    const key = templateKey('{_id}');
    const bytes = ['a\ud83d', 'a\ud83e', 'a\ufffd', 'a%uD83D'].map((id) =>
      Buffer.from(key(id)).toString('hex'),
    );
    expect(new Set(bytes).size).toBe(4);
  });
});

function fromCodeUnits(units: number[]): string {
  return String.fromCharCode(...units);
}

describe('a key function', () => {
  it('makes the key from the arguments', () => {
    const key = keyOf((id: number, lang: string) => `${lang}/${id}`, products.two, 'find');
    expect(key([42, 'en'], 'Products')).toBe('en/42');
  });

  it.each([
    ['undefined', undefined],
    ['number', 42],
    ['bigint', 42n],
    ['object', Promise.resolve('key')],
    ['empty text', ''],
  ])('that makes no text is told so: %s', (made, value) => {
    const key = keyOf((() => value) as unknown as CacheKey, products.two, 'find');
    const act = () => key([], 'Products');
    expect(act).toThrow(CacheKeyError);
    expect(act).toThrow(`The cache key function of find() made ${made}`);
  });
});

describe('tags', () => {
  const tags = (templates: Parameters<typeof tagsOf>[0], ...args: unknown[]) =>
    tagsOf(templates, products.two, 'find')(args);

  it('are made from the arguments by templates or a function', () => {
    expect(tags(['products', 'product:{_id}', '{1.code}'], 42, { code: 'en' })).toEqual([
      'products',
      'product:42',
      'en',
    ]);
    expect(tags((id: number) => [`product:${id}`], 42)).toEqual(['product:42']);
    expect(tags(undefined, 42)).toEqual([]);
  });

  it('are spelt as the application spells them when it invalidates', () => {
    expect(tags(['category:{_id}', '{_id}{_lang}'], 'Home & Garden: 50%', 'en')).toEqual([
      'category:Home & Garden: 50%',
      'Home & Garden: 50%en',
    ]);
  });

  it.each(['{id}', '', '{_id'])('are refused when the class is decorated: %j', (template) => {
    expect(() => tags([template])).toThrow(CacheKeyError);
    expect(() => tags([template])).toThrow(`The tag template '${template}' of find()`);
  });
});

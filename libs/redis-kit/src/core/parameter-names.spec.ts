import { describe, expect, it } from '@jest/globals';
import { parameterNames } from './parameter-names.js';

type Method = (...args: never[]) => unknown;

/** A function from source text, as a compiler may have left it: with comments, without spaces, in any order. */
const method = (source: string): Method =>
  // The text is what is tried here; a compiler would tidy it up.
  (new Function(`return ({ ${source} })`) as () => Record<string, Method>)()[
    'm'
  ] as unknown as Method;

describe('parameter names', () => {
  it.each([
    ['m() {}', []],
    ['m( ) {}', []],
    ['m(/* nothing */) {}', []],
    ['m(id) {}', ['id']],
    ['async m(id, lang) {}', ['id', 'lang']],
    ['async *m(id,lang) {}', ['id', 'lang']],
    ['async   m  ( id , lang ) {}', ['id', 'lang']],
    ['m: async function named(id) {}', ['id']],
    ['m: function (id) {}', ['id']],
    ['m: (id, lang) => 1', ['id', 'lang']],
    ['m: async (id) => call(id, 2)', ['id']],
    ['m: id => call(id, 2)', ['id']],
    ['m: async id => call(other, 2)', ['id']],
    ['"m"(id) {}', ['id']],
    ['["m"](id) {}', ['id']],
    ['[("x(y", "m")](id) {}', ['id']],
    ['m(\n  id,\n  lang,\n) {}', ['id', 'lang']],
    ['m($id, _lang, größe, naïve2) {}', ['$id', '_lang', 'größe', 'naïve2']],
  ])('of %s are %j', (source, names) => {
    expect(parameterNames(method(source))).toEqual(names);
  });

  it.each([
    ['m(id = 1, lang = "en") {}', ['id', 'lang']],
    ['m(id = f(1, 2), lang = [1, 2]) {}', ['id', 'lang']],
    ['m(id = { a: 1, b: [2, 3] }, lang) {}', ['id', 'lang']],
    ['m(id = (a, b) => a, lang) {}', ['id', 'lang']],
    ['m(id = "a, b) {", lang) {}', ['id', 'lang']],
    ["m(id = 'it\\'s, so', lang) {}", ['id', 'lang']],
    ['m(id = `a, ${f(`)`, "}")} b`, lang) {}', ['id', 'lang']],
    ['m(id = `\\`,\\${`, lang) {}', ['id', 'lang']],
    ['m(id = /[,)"]/g, lang) {}', ['id', 'lang']],
    ['m(id = /\\/,\\)/, lang) {}', ['id', 'lang']],
    ['m(id = [/[/,)]/, /"/], lang) {}', ['id', 'lang']],
    ['m(id = 4 / 2, lang = 8 / 2 / 1) {}', ['id', 'lang']],
    ['m(id = f(2) / 2, lang = "/") {}', ['id', 'lang']],
    ['m(id = a[0] / 2, lang = b / c) {}', ['id', 'lang']],
    ['m(id\n= 1, lang) {}', ['id', 'lang']],
    ['m(id = /* , */ 1, lang) {}', ['id', 'lang']],
  ])('survive default values: %s', (source, names) => {
    expect(parameterNames(method(source))).toEqual(names);
  });

  it.each([
    ["m(id /* it's a comment, with (everything */, lang) {}", ['id', 'lang']],
    ["m(id, // the user's language\n lang) {}", ['id', 'lang']],
    ['m(/* first */ id, /* second */ lang /* , third */) {}', ['id', 'lang']],
    ['m /* (x) */ (id) {}', ['id']],
    ['m(id = "// no comment", lang = "/* nor this") {}', ['id', 'lang']],
  ])('survive comments: %s', (source, names) => {
    expect(parameterNames(method(source))).toEqual(names);
  });

  it.each([
    ['m({ id }, lang) {}', [undefined, 'lang']],
    ['m({ id, lang: { code = "a, b" } = {} } = {}, x) {}', [undefined, 'x']],
    ['m([first, second], lang) {}', [undefined, 'lang']],
    ['m(id, ...rest) {}', ['id', '...rest']],
    ['m(id, /* all */ ... rest) {}', ['id', '...rest']],
    ['m(...[a, b]) {}', ['...']],
  ])('tell of parameters without a name of their own: %s', (source, names) => {
    expect(parameterNames(method(source))).toEqual(names);
  });

  it('are not known of functions without a source', () => {
    expect(parameterNames(method('m(id) {}').bind(null) as Method)).toBeUndefined();
    expect(parameterNames(Array.prototype.map as unknown as Method)).toBeUndefined();
    expect(parameterNames(new Proxy(method('m(id) {}'), {}))).toBeUndefined();
  });

  it('are known although the function speaks of native code', () => {
    expect(parameterNames(method('m(id) { return "[native code]"; }'))).toEqual(['id']);
  });

  it('are those of compiled class methods', () => {
    class Products {
      async find(id: number, { lang }: { lang?: string } = {}, ...tags: string[]): Promise<string> {
        return `${id}${lang}${tags.join()}`;
      }
      static list(page = 1): number {
        return page;
      }
    }
    expect(parameterNames(Products.prototype.find)).toEqual(['id', undefined, '...tags']);
    expect(parameterNames(Products.list)).toEqual(['page']);
  });
});

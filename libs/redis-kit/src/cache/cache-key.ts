import { hash } from 'node:crypto';
import { argumentText } from './argument-text.js';
import { CacheKeyError } from './cache.errors.js';
import { parameterNames } from './parameter-names.js';

/** How a decorated method's key is made: a template such as `'product:{id}'`, or a function of its arguments. */
export type CacheKey = string | ((...args: never[]) => string);

type Method = (...args: never[]) => unknown;
type KeyOf = (args: readonly unknown[], className: string) => string;

/**
 * Prepares the key of a method, once, when the class is decorated.
 *
 * @throws CacheKeyError when a template names something that is not a parameter, or two calls with different arguments
 *   could give the same text.
 */
export function keyOf(key: CacheKey | undefined, method: Method, name: string): KeyOf {
  if (key === undefined) {
    return (args, className) => {
      if (className === '') {
        throw new CacheKeyError(`${name}() has no cache key, and its class no name to make one of`);
      }
      return `${className}.${name}${derive(args)}`;
    };
  }
  if (typeof key === 'string') return compileTemplate('key', key, method, name);
  const make = key as (...args: readonly unknown[]) => unknown;
  return (args) => {
    const made = make(...args);
    if (typeof made === 'string' && made !== '') return made;
    const what = made === '' ? 'empty text' : typeof made;
    throw new CacheKeyError(`The cache key function of ${name}() made ${what} instead of a key`);
  };
}

/**
 * Prepares the tags of a method, once, when the class is decorated. They hold the arguments as they are, so that the
 * application can spell them where it invalidates: that two calls share a tag costs a hit at most.
 *
 * @throws CacheKeyError for the same reasons as `keyOf`.
 */
export function tagsOf(
  tags: readonly string[] | ((...args: never[]) => readonly string[]) | undefined,
  method: Method,
  name: string,
): (args: readonly unknown[]) => readonly string[] {
  if (typeof tags === 'function') {
    const make = tags as (...args: readonly unknown[]) => readonly string[];
    return (args) => make(...args);
  }
  const templates = (tags ?? []).map((tag) => compileTemplate('tag', tag, method, name));
  return (args) => templates.map((template) => template(args));
}

interface Template {
  readonly use: 'key' | 'tag';
  readonly text: string;
  readonly method: string;
  /** The texts around the placeholders: one more than there are of those. */
  readonly literals: readonly string[];
  readonly placeholders: readonly string[];
}

function compileTemplate(
  use: Template['use'],
  text: string,
  method: Method,
  name: string,
): (args: readonly unknown[]) => string {
  // Split at the placeholders, which come back at the odd places.
  const parts = text.split(/\{([^{}]*)\}/);
  const template: Template = {
    use,
    text,
    method: name,
    literals: parts.filter((_, i) => i % 2 === 0),
    placeholders: parts.filter((_, i) => i % 2 === 1),
  };
  const { literals } = template;
  if (text === '') throw refusal(template, 'is empty');
  if (literals.some((literal) => /[{}]/.test(literal))) {
    throw refusal(template, 'has an unpaired brace');
  }
  const names = parameterNames(method);
  const readers = template.placeholders.map((placeholder) => reader(placeholder, names, template));
  const escape = use === 'key' ? escaper(template) : asIs;
  return (args) =>
    literals.reduce((key, literal, i) => key + segment(readers[i - 1]!(args), escape) + literal);
}

/** Reads `{id}`, `{product.id}`, `{0}` or `{0.id}` from the arguments. */
function reader(
  placeholder: string,
  names: readonly (string | undefined)[] | undefined,
  template: Template,
): (args: readonly unknown[]) => unknown {
  const [head = '', ...path] = placeholder.split('.');
  const position = /^\d+$/.test(head) ? Number(head) : (names?.indexOf(head) ?? -1);
  const isOpen = names === undefined || names.at(-1)?.startsWith('...') === true;
  const isParameter = position >= 0 && (isOpen || position < names.length);
  if (!isParameter || head === '' || path.includes('')) {
    const known = names?.filter(Boolean).join(', ');
    throw refusal(
      template,
      `names {${placeholder}}, but its parameters are ${known ? `(${known})` : 'not known by name'}. ` +
        'Use a parameter, a path such as {0.id}, or a function',
    );
  }
  return (args) => {
    let value: unknown = args[position];
    for (const member of path)
      value = (value as Record<string, unknown> | null | undefined)?.[member];
    return value;
  };
}

type Escape = (text: string) => string;

const asIs: Escape = (text) => text;

/** What no argument may imitate: a delimiter, the mark of a digest, an escape. Nor text that is no Unicode. */
const RESERVED = String.raw`%:{}~\s\p{Surrogate}`;

/**
 * Escapes what is reserved, and what stands between two placeholders of this template: with it, `'{a}-{b}'` is
 * `1-2-3` for one pair of arguments only.
 */
function escaper(template: Template): Escape {
  const { literals, placeholders } = template;
  const separators = literals.slice(1, -1).map((literal, i) => {
    const chars = [...literal].filter((char) => !/[\da-z%~]/i.test(char));
    if (chars.length > 0) return chars;
    throw refusal(
      template,
      `needs a separator between {${placeholders[i]}} and {${placeholders[i + 1]}}, such as a colon`,
    );
  });
  const more = separators.flat().map((char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
  const pattern = new RegExp(`[${RESERVED}${more.join('')}]`, 'gu');
  return (text) => text.replace(pattern, escapeChar);
}

function escapeChar(char: string): string {
  const code = char.codePointAt(0)!;
  if (code >= 0xd800 && code <= 0xdfff) return `%u${code.toString(16).toUpperCase()}`;
  return code < 0x80
    ? `%${code.toString(16).toUpperCase().padStart(2, '0')}`
    : encodeURIComponent(char);
}

/** One value as part of a key. No two different values of a type give the same text, nor can one imitate a delimiter. */
function segment(value: unknown, escape: Escape): string {
  switch (typeof value) {
    case 'string':
      return escape(value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return escape(String(value));
    case 'undefined':
      return '~undefined';
    default:
      return value === null ? '~null' : `~${escape(digest(value))}`;
  }
}

/** All arguments of a call, readable when they are scalars: `(42,"en")`; otherwise their digest. */
function derive(args: readonly unknown[]): string {
  const isReadable = args.every((arg) => arg === null || typeof arg !== 'object');
  return isReadable ? `(${args.map(argumentText).join()})` : `#${digest(args)}`;
}

/** 128 bits of SHA-256. */
function digest(value: unknown): string {
  return hash('sha256', argumentText(value), 'buffer').subarray(0, 16).toString('base64url');
}

const refusal = ({ use, text, method }: Template, problem: string): CacheKeyError =>
  new CacheKeyError(`The ${use} template '${text}' of ${method}() ${problem}`);

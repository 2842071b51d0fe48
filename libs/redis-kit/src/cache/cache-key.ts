import { hash } from 'node:crypto';
import { compileTemplate } from '../core/text-template.js';
import { argumentText } from './argument-text.js';
import { CacheKeyError } from './cache.errors.js';
import { adviseMethod } from './tag-advice.js';

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
  if (typeof key === 'string') return compileTemplate(key, method, name, KEY);
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
  adviseMethod(name, tags ?? []);
  const templates = (tags ?? []).map((tag) => compileTemplate(tag, method, name, TAG));
  return (args) => templates.map((template) => template(args));
}

const refuse = (message: string): CacheKeyError => new CacheKeyError(message);
const KEY = { use: 'key', isExact: true, digest, refuse } as const;
const TAG = { use: 'tag', isExact: false, digest, refuse } as const;

/** All arguments of a call, readable when they are scalars: `(42,"en")`; otherwise their digest. */
function derive(args: readonly unknown[]): string {
  const isReadable = args.every((arg) => arg === null || typeof arg !== 'object');
  return isReadable ? `(${args.map(argumentText).join()})` : `#${digest(args)}`;
}

/** 132 bits of SHA-256. */
function digest(value: unknown): string {
  return hash('sha256', argumentText(value), 'base64url').slice(0, 22);
}

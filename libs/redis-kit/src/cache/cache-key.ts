import { hash } from 'node:crypto';
import { serialize } from 'ohash';
import { CacheKeyError } from './cache.errors.js';
import { parameterNames } from './parameter-names.js';

/** How a decorated method's key is made: a template such as `'product:{id}'`, or a function of its arguments. */
export type CacheKey = string | ((...args: never[]) => string);

type Method = (...args: never[]) => unknown;
type KeyOf = (args: readonly unknown[], className: string) => string;

/**
 * Prepares the key of a method, once, when the class is decorated.
 *
 * @throws CacheKeyError when a template names something that is not a parameter.
 */
export function keyOf(key: CacheKey | undefined, method: Method, name: string): KeyOf {
  if (key === undefined) return (args, className) => `${className}.${name}${derive(args)}`;
  if (typeof key === 'function') {
    const make = key as (...args: readonly unknown[]) => string;
    return (args) => make(...args);
  }
  return compileTemplate(key, method, name);
}

/**
 * Prepares the tags of a method, once, when the class is decorated.
 *
 * @throws CacheKeyError when a template names something that is not a parameter.
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
  const templates = (tags ?? []).map((tag) => compileTemplate(tag, method, name));
  return (args) => templates.map((template) => template(args, ''));
}

const PLACEHOLDER = /\{([^{}]*)\}/g;

function compileTemplate(template: string, method: Method, name: string): KeyOf {
  const names = parameterNames(method);
  const literals: string[] = [];
  const readers: ((args: readonly unknown[]) => unknown)[] = [];
  let end = 0;
  for (const match of template.matchAll(PLACEHOLDER)) {
    literals.push(template.slice(end, match.index));
    readers.push(reader(match[1]!, names, template, name));
    end = match.index + match[0].length;
  }
  const tail = template.slice(end);
  if (/[{}]/.test(literals.join('') + tail)) {
    throw new CacheKeyError(`The key template '${template}' of ${name}() has an unpaired brace`);
  }
  return (args) => {
    let key = '';
    for (let i = 0; i < readers.length; i++) key += literals[i]! + segment(readers[i]!(args));
    return key + tail;
  };
}

/** Reads `{id}`, `{product.id}`, `{0}` or `{0.id}` from the arguments. */
function reader(
  placeholder: string,
  names: readonly (string | undefined)[] | undefined,
  template: string,
  method: string,
): (args: readonly unknown[]) => unknown {
  const [head = '', ...path] = placeholder.split('.');
  const position = /^\d+$/.test(head) ? Number(head) : (names?.indexOf(head) ?? -1);
  if (position < 0 || head === '' || path.includes('')) {
    const known = names?.filter(Boolean).join(', ');
    throw new CacheKeyError(
      `The key template '${template}' of ${method}() names {${placeholder}}, but its parameters are ` +
        `${known ? `(${known})` : 'not known by name'}. Use a parameter, a path such as {0.id}, or a function.`,
    );
  }
  return (args) => {
    let value: unknown = args[position];
    for (const member of path)
      value = (value as Record<string, unknown> | null | undefined)?.[member];
    return value;
  };
}

/** One value as part of a key. No two different values of a type give the same text, nor can one imitate a delimiter. */
function segment(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.replace(/[%:{}~\s]/g, (char) => encodeURIComponent(char).replace('~', '%7E'));
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'undefined':
      return '~undefined';
    default:
      return value === null ? '~null' : `~${digest(value)}`;
  }
}

/** All arguments of a call, readable when they are scalars: `(42,"en")`; otherwise their digest. */
function derive(args: readonly unknown[]): string {
  const parts: string[] = [];
  for (const arg of args) {
    if (typeof arg === 'string') parts.push(JSON.stringify(arg));
    else if (typeof arg === 'bigint') parts.push(`${arg}n`);
    else if (arg === null || (typeof arg !== 'object' && typeof arg !== 'function')) {
      parts.push(typeof arg === 'symbol' ? refuse(arg) : String(arg));
    } else return `#${digest(args)}`;
  }
  return `(${parts.join(',')})`;
}

/** 128 bits of SHA-256 over a stable serialization that keeps types apart and ignores the order of members. */
function digest(value: unknown): string {
  assertSerializable(value);
  return hash('sha256', serialize(value), 'buffer').subarray(0, 16).toString('base64url');
}

function assertSerializable(value: unknown): void {
  for (const item of Array.isArray(value) ? value : [value]) {
    if (typeof item === 'function' || typeof item === 'symbol') refuse(item);
  }
}

function refuse(value: unknown): never {
  throw new CacheKeyError(
    `A ${typeof value} cannot be part of a cache key; give the method's cache key as a function`,
  );
}

import { isAnyArrayBuffer, isDate, isMap, isRegExp, isSet } from 'node:util/types';
import { CacheKeyError } from './cache.errors.js';

/** Deeper than any argument that is meant to be one, and well within the stack. */
const DEEPEST = 500;

/**
 * A text for any argument: the same for the same content, whatever the order of members, and different for different
 * content or types. Texts are quoted and every container is bracketed, so no value can imitate another.
 *
 * What shows nothing of its content (a function, a Promise) is refused: two of them would share a key. Private fields
 * cannot be seen; an instance that has them needs a `toJSON` or `valueOf`, as those of date and decimal libraries have.
 *
 * @throws CacheKeyError
 */
export function argumentText(value: unknown): string {
  return textOf(value, new Set());
}

/** `around` holds the objects this value lies in. */
function textOf(value: unknown, around: Set<object>): string {
  switch (typeof value) {
    case 'string':
      // Quoted, and well-formed Unicode whatever the text is.
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
    case 'symbol':
      return refuse(`A ${typeof value}`);
    case 'object':
      break;
    default:
      return String(value);
  }
  if (value === null) return 'null';
  if (around.has(value)) return refuse('A circular reference');
  if (around.size >= DEEPEST) return refuse(`A structure more than ${DEEPEST} levels deep`);
  around.add(value);
  const text = objectText(value, (inner) => textOf(inner, around));
  around.delete(value);
  return text;
}

function objectText(value: object, inner: (value: unknown) => string): string {
  if (Array.isArray(value)) return `[${Array.from(value, inner).join()}]`;
  if (isPlain(value)) return `{${membersText(value as Record<string, unknown>, inner)}}`;
  const type = typeName(value);
  const list = (texts: Iterable<string>, [open, close]: string) =>
    `${type}${open}${[...texts].join()}${close}`;

  if (isDate(value)) return list([String(value.getTime())], '()');
  if (isRegExp(value)) return list([inner(String(value))], '()');
  if (isSet(value)) return list([...value].map(inner).sort(), '{}');
  if (isMap(value)) return list([...value].map((entry) => inner(entry)).sort(), '{}');
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return list([Buffer.from(buffer, byteOffset, byteLength).toString('base64')], '()');
  }
  if (isAnyArrayBuffer(value)) return list([Buffer.from(value).toString('base64')], '()');

  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return list([inner(toJSON.call(value))], '()');
  // Query builders keep their operators there.
  if (Object.getOwnPropertySymbols(value).length > 0) return refuse('A member named by a symbol');
  const names = Object.keys(value);
  if (names.length === 0 && type !== '') return list([opaqueText(value, type, inner)], '()');
  return list([membersText(value as Record<string, unknown>, inner)], '{}');
}

/** Most arguments are: an object like those of a literal, which needs none of the looks at what else it could be. */
function isPlain(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  if ('toJSON' in value || Object.getOwnPropertySymbols(value).length > 0) return false;
  // One without members may be anything that was given another prototype.
  for (const name in value) if (Object.hasOwn(value, name)) return true;
  return false;
}

function membersText(members: Record<string, unknown>, inner: (value: unknown) => string): string {
  let text = '';
  for (const name of Object.keys(members).sort()) {
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${inner(members[name])}`;
  }
  return text;
}

/** What an instance without members of its own tells about itself. */
function opaqueText(value: object, type: string, inner: (value: unknown) => string): string {
  const primitive: unknown = value.valueOf();
  if (typeof primitive !== 'object') return inner(primitive);
  if (Symbol.iterator in value) return inner([...(value as Iterable<unknown>)]);
  // A class of the application with no fields set; anything built in keeps its content to itself.
  if (Object.prototype.toString.call(value) === '[object Object]') return '';
  return refuse(`${/^[AEIO]/.test(type) ? 'An' : 'A'} ${type}`);
}

/** Name of the class; `''` for a plain object. */
function typeName(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? name : '';
}

function refuse(what: string): never {
  throw new CacheKeyError(
    `${what} cannot be part of a cache key; give the method's cache key as a function`,
  );
}

import { validateSync, getMetadataStorage } from 'class-validator';
import { ConfigurationError, type ConfigurationIssue } from '../redis-kit.error.js';
import { nestedOptionsOf, type OptionsClass } from './nested.js';

/**
 * Checks `input` against the constraints of an options class and returns it as an instance of that class.
 *
 * Everything wrong is reported at once, each with its path, the given value (secrets removed) and the accepted range.
 * Unknown options are errors: a misspelt option that is ignored is how a timeout silently stays at its default.
 *
 * @throws ConfigurationError
 */
export function validateOptions<T extends object>(
  type: OptionsClass<T>,
  input: unknown,
  path: string,
): T {
  const issues: ConfigurationIssue[] = [];
  const options = check(type, input, path, issues);
  if (issues.length > 0) throw new ConfigurationError(issues);
  return options;
}

function check<T extends object>(
  type: OptionsClass<T>,
  input: unknown,
  path: string,
  issues: ConfigurationIssue[],
): T {
  // Not constructed: declared fields would be set to undefined, and hide defaults they are merged with.
  const options = Object.create(type.prototype as object) as T;
  if (!isRecord(input)) {
    issues.push({ path, given: describe(input, path), expected: 'an object with options' });
    return options;
  }
  const known = knownOptions(type);
  for (const [name, value] of membersOf(input)) {
    if (value === undefined) continue;
    if (known.has(name)) {
      Object.assign(options, { [name]: value });
    } else {
      issues.push({
        path: optionPath(path, name),
        // Not even its text: a misspelt password is an unknown option.
        given: kindOf(value),
        expected: `no such option (known: ${[...known].sort().join(', ')})`,
      });
    }
  }
  const errors = validateSync(options, {
    forbidUnknownValues: false,
    skipUndefinedProperties: true,
  });
  for (const { property, value, constraints } of errors) {
    issues.push({
      path: optionPath(path, property),
      given: describe(value, property),
      expected: Object.values(constraints ?? {}).join(' and '),
    });
  }
  checkNested(options, path, issues);
  return options;
}

function checkNested(options: object, path: string, issues: ConfigurationIssue[]): void {
  const record = options as Record<string, unknown>;
  for (const [property, { kind, type }] of nestedOptionsOf(
    Object.getPrototypeOf(options) as object,
  )) {
    const value = record[property];
    if (value === undefined) continue;
    const at = optionPath(path, property);
    if (kind === 'one') {
      record[property] = check(type(), value, at, issues);
    } else if (kind === 'list') {
      if (Array.isArray(value)) {
        record[property] = Array.from(value, (item, i) =>
          check(type(), item, `${at}[${i}]`, issues),
        );
      } else {
        issues.push({ path: at, given: describe(value, property), expected: 'a list' });
      }
    } else if (isRecord(value)) {
      record[property] = Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .map(([name, item]) => [name, check(type(), item, optionPath(at, name), issues)]),
      );
    } else {
      issues.push({ path: at, given: describe(value, property), expected: 'an object by name' });
    }
  }
}

const knownByType = new WeakMap<OptionsClass, Set<string>>();

function knownOptions(type: OptionsClass): Set<string> {
  let known = knownByType.get(type);
  if (!known) {
    const metadata = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
    known = new Set(metadata.map(({ propertyName }) => propertyName));
    knownByType.set(type, known);
  }
  return known;
}

/** Objects and instances of any class. Not a Map, a Promise or a URL: they would pass as objects without options. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** The fields of an object, and the getters of its class. */
function membersOf(input: Record<string, unknown>): Map<string, unknown> {
  const members = new Map(Object.entries(input));
  let type = Object.getPrototypeOf(input) as object | null;
  // Up to, and without, the prototype that all objects have.
  for (let base; type && (base = Object.getPrototypeOf(type) as object | null); type = base) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      if (get && !members.has(name)) members.set(name, input[name]);
    }
  }
  return members;
}

/** The path of an option as it is written in code. */
export function optionPath(path: string, name: string): string {
  return /^[\w$]+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

const LONGEST_TEXT = 60;

/** The given value as short text; secrets, URLs (which may hold some) and whole objects stay out of error messages. */
function describe(value: unknown, name: string): string {
  if (/pass|secret|token|auth/i.test(name)) return '(hidden)';
  if (typeof value !== 'string') return isScalar(value) ? String(value) : kindOf(value);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(value)?.[0];
  if (scheme) return `"${scheme}…"`;
  if (/url/i.test(name) || /@|:\/\//.test(value)) return '(hidden)';
  return JSON.stringify(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value);
}

const isScalar = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function');

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return 'text';
  const kind =
    typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value;
  if (kind === 'Object') return 'an object';
  return `${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

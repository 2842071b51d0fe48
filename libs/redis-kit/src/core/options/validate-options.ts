import { validateSync, getMetadataStorage } from 'class-validator';
import { ConfigurationError, type ConfigurationIssue } from '../redis-kit.error.js';
import { redactUrl } from '../redact.js';
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
  const options = new type();
  if (!isPlainObject(input)) {
    issues.push({ path, given: describe(input, path), expected: 'an object with options' });
    return options;
  }
  const known = knownOptions(type);
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (known.has(name)) {
      Object.assign(options, { [name]: value });
    } else {
      issues.push({
        path: join(path, name),
        given: describe(value, name),
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
      path: join(path, property),
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
    const at = join(path, property);
    if (kind === 'one') {
      record[property] = check(type(), value, at, issues);
    } else if (kind === 'list') {
      if (Array.isArray(value)) {
        record[property] = value.map((item, i) => check(type(), item, `${at}[${i}]`, issues));
      } else {
        issues.push({ path: at, given: describe(value, property), expected: 'a list' });
      }
    } else if (isPlainObject(value)) {
      record[property] = Object.fromEntries(
        Object.entries(value).map(([name, item]) => [
          name,
          check(type(), item, join(at, name), issues),
        ]),
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

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  return /^[\w$]+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

/** The given value as short text; secrets and whole objects stay out of error messages. */
function describe(value: unknown, name: string): string {
  if (/pass|secret|token|auth/i.test(name)) return '(hidden)';
  if (typeof value === 'string') return JSON.stringify(redactUrl(value));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

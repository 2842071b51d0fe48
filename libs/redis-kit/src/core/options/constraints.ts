import { IsDefined, ValidateBy, type ValidationOptions } from 'class-validator';
import { parseDuration, type Duration } from '../duration.js';

/**
 * Constraints for option classes. Each message is the accepted range, because `validateOptions` prints
 * "path: got …, expected <message>".
 */
function accepts(name: string, expected: string, validate: (value: unknown) => boolean) {
  const options: ValidationOptions = { message: expected };
  return ValidateBy({ name, validator: { validate: (value) => validate(value) } }, options);
}

/** A duration within the given bounds. */
export function IsDuration(range: { min?: Duration; max?: Duration } = {}): PropertyDecorator {
  const min = range.min === undefined ? 0 : parseDuration(range.min)!;
  const max = range.max === undefined ? Number.MAX_SAFE_INTEGER : parseDuration(range.max)!;
  const bounds = `of at least ${range.min ?? 0}${range.max === undefined ? '' : ` and at most ${range.max}`}`;
  return accepts(
    'isDuration',
    `a duration (milliseconds, or text such as '30s' or '5m') ${bounds}`,
    (value) => {
      const ms = parseDuration(value);
      return ms !== undefined && ms >= min && ms <= max;
    },
  );
}

/** A whole number within the bounds, both included. */
export function IsIntegerBetween(min: number, max: number): PropertyDecorator {
  return accepts('isIntegerBetween', `a whole number from ${min} to ${max}`, (value) => {
    return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
  });
}

/** One of the listed values. */
export function IsOneOf(values: readonly (string | number | boolean)[]): PropertyDecorator {
  const list = values.map((value) => JSON.stringify(value)).join(', ');
  return accepts('isOneOf', `one of ${list}`, (value) => values.includes(value as never));
}

/** `true` or `false`. */
export function IsFlag(): PropertyDecorator {
  return accepts('isFlag', 'true or false', (value) => typeof value === 'boolean');
}

/** Text, not empty; with `pattern`, text of that form as described by `expected`. */
export function IsText(form?: { pattern: RegExp; expected: string }): PropertyDecorator {
  return accepts('isText', form?.expected ?? 'text that is not empty', (value) => {
    return typeof value === 'string' && value !== '' && (!form || form.pattern.test(value));
  });
}

/** The option has no default; `expected` says in words what is missing. Other constraints apply to what is given. */
export const Required = (expected: string): PropertyDecorator => IsDefined({ message: expected });

/** Anything for which `check` holds; `expected` says in words what that is. */
export function Is(expected: string, check: (value: unknown) => boolean): PropertyDecorator {
  return accepts('is', expected, check);
}

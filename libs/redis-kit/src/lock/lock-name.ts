import { ConfigurationError } from '../core/redis-kit.error.js';
import { compileTemplate } from '../core/text-template.js';

/** How a decorated method's lock is named: a template such as `'order:{id}'`, or a function of its arguments. */
export type LockName = string | ((...args: never[]) => string | readonly string[]);

const refuse = (message: string): ConfigurationError => new ConfigurationError(message);

/** An object is no name: two that are equal must be one lock, whatever else they carry. */
const USE = {
  use: 'lock name',
  isExact: true,
  refuse,
  digest: () => {
    throw refuse('An object cannot be part of a lock name; use a member of it, such as {order.id}');
  },
} as const;

/**
 * Prepares the lock names of a method, once, when the class is decorated.
 *
 * @throws ConfigurationError when a template names something that is not a parameter, or two calls with different
 *   arguments could have the same name.
 */
export function lockNameOf(
  name: LockName,
  method: (...args: never[]) => unknown,
  methodName: string,
): (args: readonly unknown[]) => string | readonly string[] {
  if (typeof name === 'string') return compileTemplate(name, method, methodName, USE);
  return (args) => (name as (...all: readonly unknown[]) => string | readonly string[])(...args);
}

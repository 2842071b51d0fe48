import 'reflect-metadata';
import { injectProperty, originalOf, replaceMethod } from '../core/method-decorator.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { lockNameOf, type LockName } from './lock-name.js';
import type { LockOptions } from './lock.options.js';
import { LockService } from './lock.service.js';

type AsyncMethod = (...args: never[]) => Promise<unknown>;

/** Under which an instance finds the service. */
export const LOCKS = Symbol('redis-kit:locks');

/** Has Nest give every instance of a class the lock service. */
export function injectLocks(prototype: object): void {
  injectProperty(prototype, LOCKS);
}

/** @throws ConfigurationError when the instance was not made by Nest. */
export function locksOf(instance: object | undefined, method: string): LockService {
  const locks = (instance as Record<symbol, LockService | undefined> | undefined)?.[LOCKS];
  if (locks) return locks;
  throw new ConfigurationError(
    `${method}() needs the lock service of its instance, but it was called without one that Nest made.`,
  );
}

/**
 * Runs a provider's method under a lock whose name is a template (`'order:{id}'`, `'stock:{0.sku}'`) or a function of the
 * arguments; of several names all are held.
 *
 * A class that uses it does not start without `RedisKitModule`. The call fails with what `LockService.withLock` throws.
 */
export function WithLock(name: LockName, options: LockOptions = {}) {
  return <T extends AsyncMethod>(
    prototype: object,
    property: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const methodName = String(property);
    const method = descriptor.value!;
    const nameOf = lockNameOf(name, originalOf(method), methodName);
    injectLocks(prototype);
    replaceMethod(descriptor, async function (this: object | undefined, ...args: unknown[]) {
      const locks = locksOf(this, methodName);
      const work = () => method.apply(this, args as never[]);
      const names = nameOf(args);
      return typeof names === 'string'
        ? locks.withLock(names, options, work)
        : locks.withLock(names, options, work);
    });
  };
}

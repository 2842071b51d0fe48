import 'reflect-metadata';
import { Inject } from '@nestjs/common';

type AnyMethod = (...args: never[]) => unknown;

const injected = new WeakMap<object, Set<symbol>>();

/**
 * Has Nest put the provider of `token` under the same symbol on each instance of a class.
 *
 * Decorators reach their services this way rather than through a global registry: it works for every scope, two
 * applications in one process never meet, and a missing module is an error at boot.
 */
export function injectProperty(prototype: object, token: symbol): void {
  const tokens = injected.get(prototype) ?? new Set();
  injected.set(prototype, tokens);
  if (tokens.has(token)) return;
  tokens.add(token);
  Inject(token)(prototype, token);
}

const originals = new WeakMap<object, AnyMethod>();

/** The method as it was written, through all wrappers of this library: the only one whose source names its parameters. */
export function originalOf(method: AnyMethod): AnyMethod {
  return originals.get(method) ?? method;
}

/**
 * Puts a wrapper in a method's place that looks like it: name, length and the metadata that other decorators left.
 */
export function replaceMethod<T>(
  descriptor: TypedPropertyDescriptor<T>,
  wrapper: (this: object, ...args: unknown[]) => unknown,
): void {
  const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
  for (const key of Reflect.getMetadataKeys(method) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method), wrapper);
  }
  Object.defineProperty(wrapper, 'name', { value: method.name, configurable: true });
  Object.defineProperty(wrapper, 'length', { value: method.length, configurable: true });
  originals.set(wrapper, originalOf(method));
  descriptor.value = wrapper as unknown as T;
}

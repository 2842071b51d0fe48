import { ConfigurationError } from '../core/redis-kit.error.js';
import type { Class } from './cache-holders.js';

/** A decorated method without a `key`. */
interface DerivedMethod {
  readonly name: string;
  ofClass(instance: object): { readonly token: symbol; readonly keyPrefix: string };
}

const methods = new WeakMap<object, DerivedMethod[]>();

export function noteDerived(prototype: object, method: DerivedMethod): void {
  methods.set(prototype, [...(methods.get(prototype) ?? []), method]);
}

/**
 * Derived keys begin with the names of class and method, so two classes of one name would be given each other's values.
 *
 * @throws ConfigurationError when two classes that have the same cache, whose token this is, derive the same keys.
 */
export function assertKeysApart(token: symbol, one: Class, other: Class): void {
  if (one.name !== other.name) return;
  const taken = new Set(derivedNames(token, other));
  const shared = derivedNames(token, one).find((name) => taken.has(name));
  if (shared === undefined) return;
  throw new ConfigurationError(
    `Two classes named '${one.name}' (${sourceOf(one)}, and ${sourceOf(other)}) share a cache and derive the same ` +
      `keys, '${shared}(…)'. Give the method a key in one of them, or the class a keyPrefix with @CacheConfig.`,
  );
}

/** What the keys of each method begin with. */
function derivedNames(token: symbol, { name, prototype }: Class): string[] {
  const found: string[] = [];
  for (
    let own = prototype as object | null;
    own;
    own = Object.getPrototypeOf(own) as object | null
  ) {
    for (const method of methods.get(own) ?? []) {
      const { keyPrefix, token: itsToken } = method.ofClass(prototype as object);
      if (itsToken === token) found.push(`${keyPrefix}${name}.${method.name}`);
    }
  }
  return found;
}

/** Tells classes of one name apart, for whoever has to find them: by members of theirs. */
function sourceOf({ prototype }: Class): string {
  const members = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
  return members.length === 0 ? 'without members' : `with ${members.slice(0, 5).join(', ')}`;
}

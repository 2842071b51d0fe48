export type Class = abstract new (...args: never[]) => object;

/** The open caches, and the classes whose instances Nest gave them to. */
const holders = new Map<object, Set<Class>>();

/** @param onHolder hears of each class that had this cache before; it may refuse the new one. */
export function noteHolder(
  instance: object,
  cache: object,
  onHolder: (holder: Class, other: Class) => void,
): void {
  const classes = holders.get(cache) ?? new Set();
  const holder = instance.constructor as Class;
  if (classes.has(holder)) return;
  for (const other of classes) onHolder(holder, other);
  holders.set(cache, classes.add(holder));
}

export function forgetHolders(cache: object): void {
  holders.delete(cache);
}

/** Each open cache with a class that has it and is, or extends, the one of this prototype. */
export function* holdersOf(prototype: object): Generator<[cache: object, holder: Class]> {
  for (const [cache, classes] of holders) {
    for (const holder of classes) {
      const own = holder.prototype as object;
      if (own === prototype || Object.prototype.isPrototypeOf.call(prototype, own)) {
        yield [cache, holder];
      }
    }
  }
}

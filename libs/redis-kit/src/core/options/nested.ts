import { Allow } from 'class-validator';

export type OptionsClass<T extends object = object> = new () => T;

interface NestedOptions {
  readonly kind: 'one' | 'record' | 'list';
  readonly type: () => OptionsClass;
}

const nestedOptions = new WeakMap<object, Map<string, NestedOptions>>();

function nested(kind: NestedOptions['kind'], type: () => OptionsClass): PropertyDecorator {
  return (prototype, property) => {
    Allow()(prototype, property);
    const declared = nestedOptions.get(prototype) ?? new Map<string, NestedOptions>();
    declared.set(String(property), { kind, type });
    nestedOptions.set(prototype, declared);
  };
}

/** The property holds options of another class. */
export const Nested = (type: () => OptionsClass): PropertyDecorator => nested('one', type);
/** The property maps names to options of another class. */
export const NestedRecord = (type: () => OptionsClass): PropertyDecorator => nested('record', type);
/** The property lists options of another class. */
export const NestedList = (type: () => OptionsClass): PropertyDecorator => nested('list', type);

export function nestedOptionsOf(prototype: object): ReadonlyMap<string, NestedOptions> {
  const all = new Map<string, NestedOptions>();
  for (let at: object | null = prototype; at; at = Object.getPrototypeOf(at) as object | null) {
    for (const [property, declared] of nestedOptions.get(at) ?? []) {
      if (!all.has(property)) all.set(property, declared);
    }
  }
  return all;
}

import { validateSync } from 'class-validator';
import { ConfigurationError } from '../core/redis-kit.error.js';
import { safeMessage } from '../core/redact.js';
import { StreamPayloadError } from './streams.errors.js';

/** A class of payloads; its fields carry constraints of class-validator. */
// oxlint-disable-next-line typescript/no-explicit-any -- Constructors of payloads have parameters of their own.
export type PayloadClass<T extends object = object> = new (...args: any[]) => T;

export interface EventTypeOptions {
  /** Version of the payload's form. @default 1 */
  readonly version?: number | undefined;
  /** Bring a payload of a version to the next one: one function for each version before the current. */
  readonly upcast?: Readonly<Record<number, (data: never) => unknown>> | undefined;
}

interface EventTypeDeclaration {
  readonly type: string;
  readonly version: number;
  readonly upcast: Readonly<Record<number, (data: unknown) => unknown>>;
}

const declarations = new WeakMap<object, EventTypeDeclaration>();

/**
 * Names the event type that a class is the payload of. Listed in `streams.eventTypes`, its constraints are checked
 * when an event is appended and when one is read, and older payloads are brought to its form.
 */
export function EventType(type: string, options: EventTypeOptions = {}) {
  return (payload: PayloadClass): void => {
    const { version = 1, upcast = {} } = options;
    const refuse = (expected: string): never => {
      throw new ConfigurationError(`@EventType('${type}') of ${payload.name} needs ${expected}.`);
    };
    if (typeof type !== 'string' || !isEventType(type)) refuse(EVENT_TYPE_FORM);
    if (!Number.isInteger(version) || version < 1) refuse('a whole number above 0 as version');
    for (let from = 1; from < version; from++) {
      if (typeof upcast[from] !== 'function') refuse(`upcast[${from}], to version ${from + 1}`);
    }
    declarations.set(payload, {
      type,
      version,
      upcast: upcast as EventTypeDeclaration['upcast'],
    });
  };
}

export const EVENT_TYPE_FORM = 'a type of 1 to 100 letters, digits and . _ : -';

export const isEventType = (type: string): boolean => /^[\w.:-]{1,100}$/.test(type);

/** The payload classes of one application by event type. A type that has none is stored and read as it is. */
export class EventTypes {
  readonly #byType = new Map<string, EventTypeDeclaration & { payload: PayloadClass }>();

  /** @throws ConfigurationError when one is no payload class, or two are of one type. */
  constructor(payloads: readonly PayloadClass[]) {
    for (const payload of payloads) {
      const declaration = declarations.get(payload);
      if (!declaration) {
        throw new ConfigurationError(
          `streams.eventTypes lists ${payload.name}, which has no @EventType().`,
        );
      }
      if (this.#byType.has(declaration.type)) {
        throw new ConfigurationError(
          `streams.eventTypes lists two classes of event type '${declaration.type}'.`,
        );
      }
      this.#byType.set(declaration.type, { ...declaration, payload });
    }
  }

  /** The current version of a type's payload. */
  versionOf(type: string): number {
    return this.#byType.get(type)?.version ?? 1;
  }

  /** @throws StreamPayloadError when a payload is not what its type says. */
  check(type: string, data: unknown): void {
    const known = this.#byType.get(type);
    if (known) this.#validated(known, data);
  }

  /**
   * A payload that was stored in this version, in its current form and class.
   *
   * @throws StreamPayloadError when it cannot be brought to it.
   */
  restore(type: string, version: number, stored: unknown): unknown {
    const known = this.#byType.get(type);
    if (!known) return stored;
    if (version > known.version) {
      throw new StreamPayloadError(
        type,
        `it is stored in version ${version}, and this application knows up to ${known.version}. Deploy readers before writers.`,
      );
    }
    let data = stored;
    for (let from = version; from < known.version; from++) {
      try {
        data = known.upcast[from]!(data);
      } catch (error) {
        throw new StreamPayloadError(
          type,
          `it cannot be brought from version ${from} to ${from + 1}: ${safeMessage(error)}`,
          { cause: error },
        );
      }
    }
    return this.#validated(known, data);
  }

  /** Not constructed: a constructor may have parameters, and decides nothing about what is stored. */
  #validated({ type, payload }: { type: string; payload: PayloadClass }, data: unknown): object {
    if (typeof data !== 'object' || data === null) {
      throw new StreamPayloadError(type, `it needs an object that ${payload.name} describes`);
    }
    const instance =
      data instanceof payload
        ? data
        : (Object.assign(Object.create(payload.prototype as object) as object, data) as object);
    const errors = validateSync(instance, { forbidUnknownValues: false });
    if (errors.length > 0) {
      // Not the values: they may be about a person.
      const problems = errors.flatMap(({ property, constraints, children }) =>
        Object.values(constraints ?? {}).concat(
          children?.length ? `${property} is wrong inside` : [],
        ),
      );
      throw new StreamPayloadError(type, problems.join('; '));
    }
    return instance;
  }
}

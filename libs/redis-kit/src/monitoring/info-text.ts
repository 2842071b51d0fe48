const DECIMAL = /^-?\d+(\.\d+)?$/;

/**
 * The fields of an INFO reply. Nothing in it is relied upon: managed servers leave fields out, proxies answer other
 * things, versions differ. What is not there, or is no number, is undefined.
 */
export class InfoText {
  readonly #fields: ReadonlyMap<string, string>;

  private constructor(fields: ReadonlyMap<string, string>) {
    this.#fields = fields;
  }

  static parse(...replies: readonly unknown[]): InfoText {
    const fields = new Map<string, string>();
    for (const reply of replies) {
      if (typeof reply !== 'string') continue;
      for (const line of reply.split(/\r?\n/)) {
        const colon = line.indexOf(':');
        if (colon > 0 && line[0] !== '#') fields.set(line.slice(0, colon), line.slice(colon + 1));
      }
    }
    return new InfoText(fields);
  }

  get isEmpty(): boolean {
    return this.#fields.size === 0;
  }

  text(field: string): string | undefined {
    return this.#fields.get(field) || undefined;
  }

  number(field: string): number | undefined {
    return decimal(this.#fields.get(field));
  }

  /** True when the field has this value, false when it has another, undefined when it is not there. */
  is(field: string, value: string): boolean | undefined {
    const text = this.text(field);
    return text === undefined ? undefined : text === value;
  }

  /** Fields such as `db0:keys=1,expires=0`: what follows the prefix, with its parts. */
  records(prefix: string): [name: string, parts: ReadonlyMap<string, string>][] {
    return [...this.#fields]
      .filter(([field]) => field.startsWith(prefix))
      .map(([field, text]) => [field.slice(prefix.length), partsOf(text)]);
  }
}

/** A finite number in decimal notation; not `nan`, `inf`, `0x10` or nothing. */
export function decimal(text: string | undefined): number | undefined {
  if (text === undefined || !DECIMAL.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** A moment that a server names in seconds since 1970; undefined when no date is that far away. */
export function dateOfSeconds(seconds: unknown): Date | undefined {
  const date = new Date(typeof seconds === 'number' ? seconds * 1_000 : NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) parts.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return parts;
}

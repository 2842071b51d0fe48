import { parameterNames } from './parameter-names.js';

type Method = (...args: never[]) => unknown;

/** What the text of a template is for, and what is particular about it there. */
export interface TemplateUse {
  /** For messages: `key`, `lock name`. */
  readonly use: string;
  /** Whether two calls with different arguments must never have the same text. */
  readonly isExact: boolean;
  /** A text for an argument that is no scalar. */
  readonly digest: (value: unknown) => string;
  readonly refuse: (message: string) => Error;
}

interface Template extends TemplateUse {
  readonly text: string;
  readonly method: string;
  /** The texts around the placeholders: one more than there are of those. */
  readonly literals: readonly string[];
  readonly placeholders: readonly string[];
}

/**
 * Prepares a template such as `'order:{id}'`, `'page:{query.page}'` or `'user:{0}'`, once, when the method is decorated.
 *
 * @throws what `refuse` makes, when it names something that is not a parameter, or could give one text for two calls.
 */
export function compileTemplate(
  text: string,
  method: Method,
  name: string,
  use: TemplateUse,
): (args: readonly unknown[]) => string {
  // Split at the placeholders, which come back at the odd places.
  const parts = text.split(/\{([^{}]*)\}/);
  const template: Template = {
    ...use,
    text,
    method: name,
    literals: parts.filter((_, i) => i % 2 === 0),
    placeholders: parts.filter((_, i) => i % 2 === 1),
  };
  const { literals } = template;
  if (text === '') throw refusal(template, 'is empty');
  if (literals.some((literal) => /[{}]/.test(literal))) {
    throw refusal(template, 'has an unpaired brace');
  }
  const names = parameterNames(method);
  const readers = template.placeholders.map((placeholder) => reader(placeholder, names, template));
  const escape = use.isExact ? escaper(template) : asIs;
  return (args) => {
    let text = literals[0]!;
    for (let i = 0; i < readers.length; i++) {
      text += segment(readers[i]!(args), escape, use) + literals[i + 1]!;
    }
    return text;
  };
}

/** Reads `{id}`, `{product.id}`, `{0}` or `{0.id}` from the arguments. */
function reader(
  placeholder: string,
  names: readonly (string | undefined)[] | undefined,
  template: Template,
): (args: readonly unknown[]) => unknown {
  const [head = '', ...path] = placeholder.split('.');
  const position = /^\d+$/.test(head) ? Number(head) : (names?.indexOf(head) ?? -1);
  const isOpen = names === undefined || names.at(-1)?.startsWith('...') === true;
  const isParameter = position >= 0 && (isOpen || position < names.length);
  if (!isParameter || head === '' || path.includes('')) {
    const known = names?.filter(Boolean).join(', ');
    throw refusal(
      template,
      `names {${placeholder}}, but its parameters are ${known ? `(${known})` : 'not known by name'}. ` +
        'Use a parameter, a path such as {0.id}, or a function',
    );
  }
  return (args) => {
    let value: unknown = args[position];
    for (const member of path)
      value = (value as Record<string, unknown> | null | undefined)?.[member];
    return value;
  };
}

type Escape = (text: string) => string;

const asIs: Escape = (text) => text;

/** What no argument may imitate: a delimiter, the mark of a digest, an escape. Nor text that is no Unicode. */
const RESERVED = String.raw`%:{}~\s\p{Surrogate}`;

/**
 * Escapes what is reserved, and what stands between two placeholders of this template: with it, `'{a}-{b}'` is
 * `1-2-3` for one pair of arguments only.
 */
function escaper(template: Template): Escape {
  const { literals, placeholders } = template;
  const separators = literals.slice(1, -1).map((literal, i) => {
    const chars = [...literal].filter((char) => !/[\da-z%~]/i.test(char));
    if (chars.length > 0) return chars;
    throw refusal(
      template,
      `needs a separator between {${placeholders[i]}} and {${placeholders[i + 1]}}, such as a colon`,
    );
  });
  const more = separators.flat().map((char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
  const pattern = new RegExp(`[${RESERVED}${more.join('')}]`, 'gu');
  // Most texts hold nothing that is reserved, and this is much faster than to look for each of those characters.
  const plain = [...PRINTABLE].filter((char) => !char.match(pattern)).map(escapeInClass);
  const isPlain = new RegExp(`^[${plain.join('')}]*$`);
  return (text) => (isPlain.test(text) ? text : text.replace(pattern, escapeChar));
}

const PRINTABLE = String.fromCharCode(...Array.from({ length: 0x5e }, (_, i) => 0x21 + i));

const escapeInClass = (char: string): string => (/[\]\\^-]/.test(char) ? `\\${char}` : char);

function escapeChar(char: string): string {
  const code = char.codePointAt(0)!;
  if (code >= 0xd800 && code <= 0xdfff) return `%u${code.toString(16).toUpperCase()}`;
  return code < 0x80
    ? `%${code.toString(16).toUpperCase().padStart(2, '0')}`
    : encodeURIComponent(char);
}

/** One value as part of a key. No two different values of a type give the same text, nor can one imitate a delimiter. */
function segment(value: unknown, escape: Escape, { digest }: TemplateUse): string {
  switch (typeof value) {
    case 'string':
      return escape(value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return escape(String(value));
    case 'undefined':
      return '~undefined';
    default:
      return value === null ? '~null' : `~${escape(digest(value))}`;
  }
}

const refusal = ({ use, text, method, refuse }: Template, problem: string): Error =>
  refuse(`The ${use} template '${text}' of ${method}() ${problem}`);

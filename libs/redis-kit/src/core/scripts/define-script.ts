import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What a reply looks like before it is turned into a domain value. */
export type RawReply = string | number | null | RawReply[];
export type RawBufferReply = Buffer | number | null | RawBufferReply[];

/** What a script may do beyond the ordinary, as Redis 7 has it: `allow-oom` runs even when the memory is used up. */
export type ScriptFlag = 'allow-oom';

/** Values by the declared names; of `...names`, which takes all that are left, a list. */
export type ByName<Name extends string, Value> = {
  [N in Name as N extends `...${infer Rest}` ? Rest : N]: N extends `...${string}`
    ? readonly Value[]
    : Value;
};

interface ScriptDeclaration<Key extends string, Arg extends string, Raw, Reply> {
  /** Name for errors and traces, `<feature>.<verb>`. */
  readonly name: string;
  /** The `.lua` file: `new URL('./lua/<name>.lua', import.meta.url)`. */
  readonly source: URL;
  /** What it has in common with other scripts, put before it: one file or several, `new URL('./lua/…', import.meta.url)`. */
  readonly shared?: URL | readonly URL[];
  readonly flags?: readonly ScriptFlag[];
  /** Names of KEYS, in order; a last one such as `...locks` takes all that are left. */
  readonly keys: readonly Key[];
  /** Names of ARGV, in order, in the same way. */
  readonly args: readonly Arg[];
  /** Turns the raw reply into the domain value. */
  readonly reply: (raw: Raw) => Reply;
  /** May safely run twice: repeated when its reply was lost with the connection. */
  readonly idempotent?: boolean;
}

/** A Lua script with named keys and arguments and a typed reply. */
export interface Script<Key extends string, Arg extends string, Reply> {
  readonly name: string;
  readonly keys: readonly Key[];
  readonly args: readonly Arg[];
  readonly idempotent: boolean;
  /** True when strings of the reply stay `Buffer`s. */
  readonly binary: boolean;
  readonly lua: string;
  readonly sha1: string;
  readonly parse: (raw: unknown) => Reply;
}

/** Declares a script whose strings are text. */
export function defineScript<const Key extends string, const Arg extends string, Reply>(
  declaration: ScriptDeclaration<Key, Arg, RawReply, Reply>,
): Script<Key, Arg, Reply> {
  return define(declaration, false);
}

/** Declares a script whose reply carries binary strings. */
export function defineBinaryScript<const Key extends string, const Arg extends string, Reply>(
  declaration: ScriptDeclaration<Key, Arg, RawBufferReply, Reply>,
): Script<Key, Arg, Reply> {
  return define(declaration, true);
}

function define<Key extends string, Arg extends string, Raw, Reply>(
  declaration: ScriptDeclaration<Key, Arg, Raw, Reply>,
  binary: boolean,
): Script<Key, Arg, Reply> {
  const { name, keys, args, reply, idempotent = false } = declaration;
  const lua = textOf(declaration);
  return {
    name,
    keys,
    args,
    idempotent,
    binary,
    lua,
    sha1: createHash('sha1').update(lua).digest('hex'),
    parse: reply as (raw: unknown) => Reply,
  };
}

function textOf({
  source,
  shared,
  flags = [],
}: Pick<
  ScriptDeclaration<string, string, unknown, unknown>,
  'source' | 'shared' | 'flags'
>): string {
  const files = [...(shared === undefined ? [] : [shared].flat()), source];
  const texts = files.map((file) => readFileSync(file as URL, 'utf8'));
  if (flags.length > 0) texts.unshift(`#!lua flags=${flags.join()}\n`);
  return texts.join('');
}

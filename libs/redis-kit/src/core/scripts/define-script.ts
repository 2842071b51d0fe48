import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What a reply looks like before it is turned into a domain value. */
export type RawReply = string | number | null | RawReply[];
export type RawBufferReply = Buffer | number | null | RawBufferReply[];

interface ScriptDeclaration<Key extends string, Arg extends string, Raw, Reply> {
  /** Name for errors and traces, `<feature>.<verb>`. */
  readonly name: string;
  /** The `.lua` file: `new URL('./lua/<name>.lua', import.meta.url)`. */
  readonly source: URL;
  /** Names of KEYS, in order. */
  readonly keys: readonly Key[];
  /** Names of ARGV, in order. */
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
  { name, source, keys, args, reply, idempotent = false }: ScriptDeclaration<Key, Arg, Raw, Reply>,
  binary: boolean,
): Script<Key, Arg, Reply> {
  const lua = readFileSync(source, 'utf8');
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

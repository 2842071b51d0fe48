/** One word or sign of a Lua program; comments and white space are left out. */
export interface LuaToken {
  readonly kind: (typeof KINDS)[number];
  /** As written; of a text, what is between its quotes. */
  readonly text: string;
  readonly line: number;
}

// Long brackets (`[[…]]`) are not needed by any script here, so they are not understood.
const PATTERN =
  /(?<skip>--[^\n]*|\s+)|(?<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(?<number>0[xX][\da-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_]\w*)|(?<sign>\.\.\.|\.\.|[=~<>]=|.)/gs;

const KINDS = ['name', 'number', 'text', 'sign'] as const;

export function tokensOf(lua: string): LuaToken[] {
  const tokens: LuaToken[] = [];
  let line = 1;
  for (const match of lua.matchAll(PATTERN)) {
    const [whole] = match;
    const kind = KINDS.find((name) => match.groups?.[name]);
    if (kind) tokens.push({ kind, text: kind === 'text' ? whole.slice(1, -1) : whole, line });
    line += whole.split('\n').length - 1;
  }
  return tokens;
}

/** The calls of `redis.call` and `redis.pcall`, each with the tokens of its arguments. */
export function redisCalls(tokens: readonly LuaToken[]): { line: number; args: LuaToken[][] }[] {
  return tokens.flatMap((token, at) => {
    const isCall =
      token.text === 'redis' &&
      tokens[at + 1]?.text === '.' &&
      ['call', 'pcall'].includes(tokens[at + 2]?.text ?? '') &&
      tokens[at + 3]?.text === '(';
    return isCall ? [{ line: token.line, args: argumentsFrom(tokens, at + 4) }] : [];
  });
}

/** Splits at the commas of the outermost level, up to the parenthesis that closes it. */
function argumentsFrom(tokens: readonly LuaToken[], start: number): LuaToken[][] {
  const args: LuaToken[][] = [[]];
  let depth = 0;
  for (const token of tokens.slice(start)) {
    if (token.kind === 'sign') {
      if (')]}'.includes(token.text) && depth-- === 0) return args;
      if ('([{'.includes(token.text)) depth += 1;
      if (token.text === ',' && depth === 0) {
        args.push([]);
        continue;
      }
    }
    args.at(-1)!.push(token);
  }
  return args;
}

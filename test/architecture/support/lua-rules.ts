import { redisCalls, tokensOf, type LuaToken } from './lua-tokens.js';

/** What a script is declared with in its `*.scripts.ts`. */
export interface DeclaredNames {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

export interface LuaHeader {
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** What in the comment at the top is not as it should be. */
  readonly faults: readonly string[];
  /** Number of lines the comment takes. */
  readonly lines: number;
}

/** What fits on a screen can be reasoned about; a longer script does more than one thing. */
const MOST_LINES = 60;

const FORBIDDEN = ['KEYS', 'SCAN', 'FLUSHALL', 'FLUSHDB', 'RANDOMKEY', 'SWAPDB', 'SELECT'];
const WITHOUT_KEY = ['TIME', 'INFO', 'PUBLISH', 'SPUBLISH'];
const KEY_IS_SECOND = ['OBJECT', 'MEMORY', 'XGROUP', 'XINFO'];
const ALL_ARE_KEYS = ['DEL', 'UNLINK', 'EXISTS', 'MGET', 'TOUCH'];
const READS_OPTIONS_FIRST = ['XREAD', 'XREADGROUP'];

/** The time of a client, under the names people give it. */
const CLIENT_TIME = /^(now|timestamp|currentTime|clientTime|date)/i;

/**
 * Reads the comment at the top: a sentence, `KEYS[n] name`, `ARGV[n] name` and `Reply: …`, in this order. `ARGV[n...] ids`
 * is the list of all that are left.
 */
export function headerOf(lua: string): LuaHeader {
  const all = lua.split('\n');
  const end = all.findIndex((line) => !line.startsWith('--'));
  const lines = (end < 0 ? all : all.slice(0, end)).map((line) => line.slice(2).trim());
  const names = { KEYS: [] as string[], ARGV: [] as string[] };
  const faults: string[] = [];
  const order: string[] = [];
  for (const line of lines) {
    const [, table, index, rest = '', name] =
      /^(KEYS|ARGV)\[(\d+)(\.\.\.)?\] (\w+)/.exec(line) ?? [];
    if (table !== undefined) {
      const list = names[table as keyof typeof names];
      list.push(`${rest}${name!}`);
      if (Number(index) !== list.length)
        faults.push(`its header numbers ${table}[${index}] wrongly`);
    }
    order.push(table ?? (line.startsWith('Reply:') ? 'Reply' : 'text'));
  }
  const shape = order.join(' ');
  if (order[0] !== 'text' || lines[0] === '')
    faults.push('its header does not begin with a sentence');
  if (!order.includes('Reply')) faults.push('its header has no "Reply:"');
  else if (!/^(text )+(KEYS (text )*)*(ARGV (text )*)*Reply( text)*$/.test(shape)) {
    faults.push('its header is not in the order sentence, KEYS, ARGV, Reply');
  }
  return { keys: names.KEYS, args: names.ARGV, faults, lines: lines.length };
}

/**
 * Everything about one script that breaks a rule, each as a sentence about "it". `shared` is the Lua that is put
 * before it.
 */
export function faultsOf(lua: string, declared: DeclaredNames, shared = ''): string[] {
  const header = headerOf(lua);
  const body = lua.trimEnd().split('\n').length - header.lines;
  const tokens = [...tokensOf(lua), ...tokensOf(shared)];
  return [
    ...header.faults,
    ...compare('KEYS', header.keys, declared.keys),
    ...compare('ARGV', header.args, declared.args),
    ...(body > MOST_LINES ? [`its body has ${body} lines, more than ${MOST_LINES}`] : []),
    ...usageFaults(tokens, 'KEYS', declared.keys),
    ...usageFaults(tokens, 'ARGV', declared.args),
    ...declared.args
      .filter((name) => CLIENT_TIME.test(name))
      .map((name) => `its argument ${name} is the time of a client; ask redis.call('TIME')`),
    ...tokens
      .filter(
        ({ text, kind }, at) => kind === 'name' && text === 'os' && tokens[at + 1]?.text === '.',
      )
      .map(({ line }) => `line ${line}: it asks the operating system, not redis.call('TIME')`),
    ...redisCalls(tokens).flatMap(({ line, args }) =>
      callFaults(args, aliasesOf(tokens)).map((fault) => `line ${line}: ${fault}`),
    ),
  ];
}

function compare(table: string, header: readonly string[], declared: readonly string[]): string[] {
  if (header.join() === declared.join()) return [];
  return [
    `its header names ${table} (${header.join(', ')}), its declaration (${declared.join(', ')})`,
  ];
}

/** Each declared key and argument is used, none beyond them, and each by its number. */
function usageFaults(
  tokens: readonly LuaToken[],
  table: 'KEYS' | 'ARGV',
  declared: readonly string[],
): string[] {
  const faults: string[] = [];
  const used = new Set<number>();
  const isList = declared.at(-1)?.startsWith('...') === true;
  tokens.forEach(({ kind, text, line }, at) => {
    if (kind !== 'name' || text !== table) return;
    const index = tokens[at + 2];
    const isNumbered =
      tokens[at + 1]?.text === '[' && index?.kind === 'number' && tokens[at + 3]?.text === ']';
    if (isNumbered) used.add(Number(index.text));
    // The list is walked.
    else if (isList) used.add(declared.length);
    else
      faults.push(`line ${line}: it uses ${table} without a number, so no name can be given to it`);
  });
  if (used.size > 0 && Math.max(...used) > declared.length) {
    faults.push(`it uses ${table}[${Math.max(...used)}], of ${declared.length} declared`);
  }
  declared.forEach((name, at) => {
    if (!used.has(at + 1)) faults.push(`it never uses ${table}[${at + 1}] (${name})`);
  });
  return faults;
}

/** Local names that stand for a key: `local entry = KEYS[1]`. */
function aliasesOf(tokens: readonly LuaToken[]): Set<string> {
  const aliases = new Set<string>();
  tokens.forEach(({ text }, at) => {
    const [name, equals, table, open, , close, next] = tokens.slice(at + 1, at + 8);
    if (text !== 'local' || equals?.text !== '=' || table?.text !== 'KEYS') return;
    if (open?.text === '[' && close?.text === ']' && next?.text !== '..') aliases.add(name!.text);
  });
  return aliases;
}

function callFaults(args: readonly LuaToken[][], aliases: ReadonlySet<string>): string[] {
  const [command] = args[0] ?? [];
  if (args[0]?.length !== 1 || command?.kind !== 'text') {
    return ['it calls a command that is not spelled out'];
  }
  const name = command.text.toUpperCase();
  if (FORBIDDEN.includes(name)) return [`it calls ${name}`];
  return keyArguments(name, args)
    .filter((arg) => !isKey(arg, aliases))
    .map(
      (arg) =>
        `it gives ${name} the key ${arg.map(({ text }) => text).join(' ')}, which is not one of KEYS`,
    );
}

function keyArguments(command: string, args: readonly LuaToken[][]): LuaToken[][] {
  if (WITHOUT_KEY.includes(command)) return [];
  if (KEY_IS_SECOND.includes(command)) return args.slice(2, 3);
  if (ALL_ARE_KEYS.includes(command)) return args.slice(1);
  if (READS_OPTIONS_FIRST.includes(command)) {
    const streams = args.findIndex((arg) => arg[0]?.text.toUpperCase() === 'STREAMS');
    return args.slice(streams + 1, streams + 2);
  }
  return args.slice(1, 2);
}

/** One of KEYS, a local name of one, or what a part got from the script as `key` or `thing.key`. */
function isKey(arg: readonly LuaToken[], aliases: ReadonlySet<string>): boolean {
  const isHandedOn = arg.at(-1)?.text === 'key' && (arg.length === 1 || arg[1]!.text === '.');
  if (isHandedOn && arg.length <= 3) return true;
  if (arg.length === 1) return aliases.has(arg[0]!.text);
  return (
    arg.length === 4 && arg[0]!.text === 'KEYS' && arg[1]!.text === '[' && arg[3]!.text === ']'
  );
}

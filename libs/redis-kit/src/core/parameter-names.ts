/**
 * The names of a function's parameters as they stand in its source: undefined for one that is destructured,
 * `'...name'` for one that takes the rest.
 *
 * @returns undefined when the source tells nothing, as in native or wrapped functions.
 */
export function parameterNames(
  fn: (...args: never[]) => unknown,
): readonly (string | undefined)[] | undefined {
  const source = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return undefined;
  return parameterTexts(source)?.map(nameOf);
}

const SPACE = String.raw`(?:\s|/\*(?:(?!\*/)[^])*\*/|//.*)*`;
const NAMED = new RegExp(
  String.raw`^${SPACE}(\.\.\.)?${SPACE}([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)${SPACE}(?:=|$)`,
  'u',
);
const REST = new RegExp(String.raw`^${SPACE}\.\.\.`);
const BLANK = new RegExp(String.raw`^${SPACE}$`);

function nameOf(parameter: string): string | undefined {
  const [, dots = '', name] = NAMED.exec(parameter) ?? [];
  return name === undefined ? (REST.test(parameter) ? '...' : undefined) : dots + name;
}

/** The text of each parameter. */
function parameterTexts(source: string): string[] | undefined {
  const start = startOfParameters(source);
  if (start === undefined) return undefined;
  if (source[start] !== '(') {
    // `id => …`
    return [source.slice(0, start).replace(/^async\s/, '')];
  }
  const commas: number[] = [];
  const end = closingOf(source, start + 1, (at) => commas.push(at));
  if (end === undefined) return undefined;
  const parts = [...commas, end].map((to, i) => source.slice((commas[i - 1] ?? start) + 1, to));
  // Nothing at all, or what follows a trailing comma.
  return BLANK.test(parts.at(-1)!) ? parts.slice(0, -1) : parts;
}

/** Where the parenthesis of the parameters opens, or the arrow stands behind a single one without. */
function startOfParameters(source: string): number | undefined {
  let depth = 0;
  let before = '';
  for (const [char, at] of structure(source, 0)) {
    // Brackets here hold the computed name of a method.
    if (char === '[') depth++;
    else if (char === ']') depth--;
    else if (depth === 0 && char === '(') return at;
    else if (depth === 0 && char === '>' && before === '=') return at - 1;
    before = char;
  }
  return undefined;
}

/** Where the bracket closes that is open at `from`; tells commas of the same level on the way. */
function closingOf(
  source: string,
  from: number,
  onComma?: (at: number) => void,
): number | undefined {
  let depth = 0;
  for (const [char, at] of structure(source, from)) {
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char)) {
      if (depth === 0) return at;
      depth--;
    } else if (char === ',' && depth === 0) onComma?.(at);
  }
  return undefined;
}

/** The characters that are neither space nor part of a comment, a text or a regular expression, each with its place. */
function* structure(source: string, from: number): Generator<[char: string, at: number]> {
  let before = '';
  for (let at = from; at < source.length; at++) {
    const char = source[at]!;
    if (/\s/.test(char)) continue;
    if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at);
      at = end < 0 ? source.length : end;
    } else if (source.startsWith('/*', at)) {
      at = source.indexOf('*/', at) + 1;
    } else if (char === '"' || char === "'" || char === '`') {
      at = endOfText(source, at);
      before = char;
    } else if (char === '/' && !/[\w$)\]}"'`]/.test(before)) {
      // After an operand a slash divides; elsewhere it begins a regular expression.
      at = endOfPattern(source, at);
      before = char;
    } else {
      yield [char, at];
      before = char;
    }
  }
}

function endOfText(source: string, start: number): number {
  const quote = source[start];
  let at = start + 1;
  while (at < source.length && source[at] !== quote) {
    if (source[at] === '\\') at += 2;
    else if (quote === '`' && source.startsWith('${', at)) {
      at = (closingOf(source, at + 2) ?? source.length) + 1;
    } else at++;
  }
  return at;
}

function endOfPattern(source: string, start: number): number {
  let isInClass = false;
  let at = start + 1;
  while (at < source.length && (isInClass || source[at] !== '/')) {
    if (source[at] === '\\') at++;
    else if (source[at] === '[') isInClass = true;
    else if (source[at] === ']') isInClass = false;
    at++;
  }
  return at;
}

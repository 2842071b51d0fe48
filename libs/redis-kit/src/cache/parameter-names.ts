/**
 * The names of a function's parameters as they stand in its source; undefined for one that is destructured.
 *
 * @returns undefined when the source tells nothing, as in native or wrapped functions.
 */
export function parameterNames(
  fn: (...args: never[]) => unknown,
): readonly (string | undefined)[] | undefined {
  const list = parameterList(Function.prototype.toString.call(fn));
  if (list === undefined) return undefined;
  const names = splitTopLevel(list).map((parameter) => {
    return /^\s*([\w$]+)\s*(?:=|$)/.exec(parameter)?.[1];
  });
  return names.length === 1 && list.trim() === '' ? [] : names;
}

const OPENING = '([{';
const CLOSING = ')]}';

/** What stands between the parentheses of the parameters. */
function parameterList(source: string): string | undefined {
  const start = source.indexOf('(');
  if (start < 0 || source.includes('[native code]')) return undefined;
  const end = scan(source, start + 1, () => undefined);
  return end === undefined ? undefined : stripComments(source.slice(start + 1, end));
}

function splitTopLevel(list: string): string[] {
  const parts: string[] = [];
  let from = 0;
  scan(`${list})`, 0, (at) => {
    parts.push(list.slice(from, at));
    from = at + 1;
  });
  parts.push(list.slice(from));
  return parts;
}

/** Walks until the parenthesis closes that is open at `from`; tells commas of the same level on the way. */
function scan(source: string, from: number, onComma: (at: number) => void): number | undefined {
  let depth = 0;
  for (let at = from; at < source.length; at++) {
    const char = source[at]!;
    if (char === '"' || char === "'" || char === '`') at = endOfText(source, at);
    else if (OPENING.includes(char)) depth++;
    else if (CLOSING.includes(char)) {
      if (depth === 0) return at;
      depth--;
    } else if (char === ',' && depth === 0) onComma(at);
  }
  return undefined;
}

function endOfText(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length && source[at] !== source[start]) at += source[at] === '\\' ? 2 : 1;
  return at;
}

const stripComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');

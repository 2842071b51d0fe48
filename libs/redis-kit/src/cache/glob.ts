/** One step of a glob: what the next byte of the text has to be. */
type Step =
  | { readonly type: 'any' }
  | { readonly type: 'one'; readonly accepts: (byte: string) => boolean; readonly source: string };

/** Text as one character a byte: globs of Redis know bytes, not letters. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');
const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();

/** A glob that matches exactly this text. */
export const escapeGlob = (text: string): string => text.replace(/[*?[\]^\\-]/g, '\\$&');

/**
 * The same glob, spelled so that whatever follows it keeps its meaning: Redis takes a backslash or an open `[` at the end
 * of a pattern for text, and would draw what is appended into it.
 */
export const closedGlob = (glob: string): string =>
  textOf(
    parse(bytesOf(glob))
      .map((step) => (step.type === 'any' ? '*' : step.source))
      .join(''),
  );

/** A glob as Redis understands it: `*`, `?`, `[abc]`, `[^a]`, `[a-z]` and `\` before a character that means itself. */
export class Glob {
  readonly #steps: readonly Step[];

  constructor(glob: string) {
    this.#steps = parse(bytesOf(glob));
  }

  /** Time grows with the product of the lengths at most, however many stars there are. */
  matches(text: string): boolean {
    const bytes = bytesOf(text);
    const steps = this.#steps;
    let at = 0;
    let next = 0;
    let star = -1;
    let retryAt = 0;
    while (at < bytes.length) {
      const step = steps[next];
      if (step?.type === 'any') {
        star = next++;
        retryAt = at;
      } else if (step?.accepts(bytes[at]!)) {
        next += 1;
        at += 1;
      } else if (star >= 0) {
        next = star + 1;
        at = ++retryAt;
      } else return false;
    }
    while (steps[next]?.type === 'any') next += 1;
    return next === steps.length;
  }
}

function parse(glob: string): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < glob.length; at++) {
    const byte = glob[at]!;
    if (byte === '*') {
      if (steps.at(-1)?.type !== 'any') steps.push({ type: 'any' });
    } else if (byte === '?') {
      steps.push({ type: 'one', accepts: () => true, source: '?' });
    } else if (byte === '[') {
      const { step, end } = parseClass(glob, at + 1);
      steps.push(step);
      at = end;
    } else {
      const literal = byte === '\\' && at + 1 < glob.length ? glob[++at]! : byte;
      steps.push({ type: 'one', accepts: (one) => one === literal, source: escapeGlob(literal) });
    }
  }
  return steps;
}

/** Reads a class from behind its `[`; `end` is where its `]` stands, or the end of a glob that has none. */
function parseClass(glob: string, from: number): { step: Step; end: number } {
  const isNegated = glob[from] === '^';
  const members: { readonly low: string; readonly high: string; readonly source: string }[] = [];
  let at = isNegated ? from + 1 : from;
  for (; at < glob.length && glob[at] !== ']'; at++) {
    const byte = glob[at]!;
    if (byte === '\\' && at + 1 < glob.length) {
      const literal = glob[++at]!;
      members.push({ low: literal, high: literal, source: escapeGlob(literal) });
    } else if (glob[at + 1] === '-' && at + 2 < glob.length) {
      const [low, high] = [byte, glob[at + 2]!].sort() as [string, string];
      members.push({ low, high, source: `${byte}-${glob[at + 2]}` });
      at += 2;
    } else members.push({ low: byte, high: byte, source: escapeGlob(byte) });
  }
  const source = `[${isNegated ? '^' : ''}${members.map((member) => member.source).join('')}]`;
  const isMember = (byte: string) => members.some(({ low, high }) => low <= byte && byte <= high);
  return {
    step: { type: 'one', accepts: (byte) => isMember(byte) !== isNegated, source },
    end: at,
  };
}

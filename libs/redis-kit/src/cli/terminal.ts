import type { WriteStream } from 'node:tty';

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const CODES: Record<Colour, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };
const RESET = '\x1b[0m';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const FROM_TOP = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const NARROWEST = 40;
const WIDTH_OF_PIPES = 100;

/** Where a command prints. Colours, and a view that is redrawn, only where somebody looks at it. */
export class Terminal {
  readonly #isColoured: boolean;

  constructor(
    private readonly out: NodeJS.WriteStream,
    private readonly err: NodeJS.WriteStream,
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    // https://no-color.org: any value that is not empty.
    this.#isColoured =
      this.isInteractive && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  }

  get isInteractive(): boolean {
    return this.out.isTTY;
  }

  get width(): number {
    return Math.max(NARROWEST, (this.out as Partial<WriteStream>).columns ?? WIDTH_OF_PIPES);
  }

  get height(): number {
    return (this.out as Partial<WriteStream>).rows ?? Infinity;
  }

  line(text = ''): void {
    this.out.write(`${text}\n`);
  }

  write(text: string): void {
    this.out.write(text);
  }

  complain(text: string): void {
    this.err.write(`${text}\n`);
  }

  paint(colour: Colour, text: string): string {
    return this.#isColoured ? `\x1b[${CODES[colour]}m${text}${RESET}` : text;
  }

  /** Shows a view in place of the one before; in a pipe, one after the other. */
  show(lines: readonly string[]): void {
    if (!this.isInteractive) {
      this.write(`${lines.join('\n')}\n\n`);
      return;
    }
    const visible = lines.slice(0, this.height - 1);
    const drawn = visible.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    this.write(`${HIDE_CURSOR}${FROM_TOP}${drawn}${CLEAR_BELOW}`);
  }

  /** Leaves the terminal as it was found. */
  restore(): void {
    if (this.isInteractive) this.write(SHOW_CURSOR);
  }
}

/** A reader that went away, as `head` does, is no failure of ours. */
export function endQuietlyOnClosedPipe(out: NodeJS.WriteStream): void {
  out.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

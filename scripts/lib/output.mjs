// @ts-check

const coloured = process.stderr.isTTY && !process.env['NO_COLOR'];
/** @type {(code: number, text: string) => string} */
const paint = (code, text) => (coloured ? `\u001B[${code}m${text}\u001B[0m` : text);

/**
 * What a script does now. Everything the scripts say goes to stderr: stdout belongs to what they run.
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`${paint(36, '▸')} ${text}\n`);
}

/**
 * Something the reader should act on, although the run goes on.
 * @param {string} text
 */
export function warn(text) {
  process.stderr.write(`${paint(33, '!')} ${text}\n`);
}

/** A reason to stop that is explained by its message alone; no stack is printed. */
export class Stop extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Runs a script's body and turns its outcome into the exit code.
 * @param {() => Promise<number>} body
 */
export async function main(body) {
  try {
    process.exitCode = await body();
  } catch (error) {
    const stop = error instanceof Stop;
    process.stderr.write(
      `${paint(31, '✗')} ${stop ? error.message : /** @type {Error} */ (error).stack}\n`,
    );
    process.exitCode = stop ? error.exitCode : 1;
  }
}

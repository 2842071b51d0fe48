import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Writable } from 'node:stream';
import { runProgram } from '../../libs/redis-kit/src/cli/program.js';
import { Terminal } from '../../libs/redis-kit/src/cli/terminal.js';
import { TYPESCRIPT_ARGS } from './typescript.js';

const PROGRAM = fileURLToPath(
  new URL('../../libs/redis-kit/src/cli/redis-kit.ts', import.meta.url),
);

export interface CommandOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line within this process, with pipes for its output. */
export async function runCommand(...args: readonly string[]): Promise<CommandOutcome> {
  const [out, err] = [new Pipe(), new Pipe()];
  const streams = [out, err].map((pipe) => pipe as unknown as NodeJS.WriteStream);
  const code = await runProgram(
    ['node', 'redis-kit', ...args],
    new Terminal(streams[0]!, streams[1]!),
  );
  return { code, out: out.text, err: err.text };
}

class Pipe extends Writable {
  text = '';

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A command line in a process of its own, whose output is being read. */
export interface RunningCommand {
  readonly process: ChildProcess;
  /** Everything it printed so far. */
  readonly printed: () => string;
  readonly ended: Promise<number | null>;
}

/** Starts the command line in a real terminal (a pseudo-terminal of `script`) of this size. */
export function startInTerminal(
  args: readonly string[],
  { columns, rows, env = {} }: { columns: number; rows: number; env?: NodeJS.ProcessEnv },
): RunningCommand {
  const words = [process.execPath, ...TYPESCRIPT_ARGS, PROGRAM, ...args];
  const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const command = `stty columns ${columns} rows ${rows}; exec ${quoted}`;
  return started(spawn('script', ['-qefc', command, '/dev/null'], { env: environment(env) }));
}

/** Starts the command line with pipes. */
export function startCommand(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  return started(
    spawn(process.execPath, [...TYPESCRIPT_ARGS, PROGRAM, ...args], { env: environment(env) }),
  );
}

function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, NO_COLOR: __, FORCE_COLOR: ___, ...inherited } = process.env;
  return { ...inherited, TERM: 'xterm-256color', ...more };
}

function started(child: ChildProcess): RunningCommand {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
  return { process: child, printed: () => text, ended };
}

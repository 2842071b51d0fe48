// @ts-check
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { ROOT } from './paths.mjs';
import { say, Stop } from './output.mjs';

/** How often a quiet command that is still running is reported. */
const HEARTBEAT_MS = 15_000;

/** Longer than any drain deadline of the application, so only what hangs is killed. */
const KILL_AFTER_MS = 30_000;

/** How often the parent is looked at; what is left behind for longer holds a port somebody wants. */
const PARENT_CHECK_MS = 500;

/** Who started this process; another parent later means that one is gone. */
const PARENT = process.ppid;

/**
 * @typedef {{ code: number, output: string }} Outcome
 * @typedef {readonly [program: string, ...args: string[]]} Command
 */

/**
 * A command as one would type it.
 * @param {readonly string[]} command
 */
export const spell = (command) =>
  command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');

/**
 * Runs a command and keeps its output to itself, saying now and then that it is still at it.
 * @param {Command} command
 * @param {string} label what is being done, for the progress lines
 * @returns {Promise<Outcome>}
 */
export async function runQuietly([program, ...args], label) {
  const started = Date.now();
  const heartbeat = setInterval(() => {
    say(`${label}: still at it after ${Math.round((Date.now() - started) / 1000)} s`);
  }, HEARTBEAT_MS);
  try {
    // stdin stays the terminal's, because sudo may ask for a password.
    const child = spawn(program, args, { cwd: ROOT, stdio: ['inherit', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const { code, error, signal } = await supervise(child);
    if (signal) throw new Stop(`${label}: interrupted`, 128 + constants.signals[signal]);
    return { code, output: error ? String(error) : output };
  } finally {
    clearInterval(heartbeat);
  }
}

/**
 * Runs a command in the foreground, as if it had been started instead of this process: same terminal, every
 * signal delivered once, its exit code returned. A child that ignores the signal is killed after a while.
 * @param {Command} command
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>}
 */
export async function runInForeground([program, ...args], env = process.env) {
  const { code, error } = await supervise(
    spawn(program, args, { cwd: ROOT, stdio: 'inherit', env }),
  );
  if (error) throw error;
  return code;
}

/**
 * Waits for the end of a child, and sees to it that it ends when this process should.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<{ code: number, error?: Error, signal?: NodeJS.Signals | undefined }>} `signal` is what this
 *   process was told in the meantime
 */
async function supervise(child) {
  /** @type {NodeJS.Timeout | undefined} */
  let deadline;
  /** @type {NodeJS.Signals | undefined} */
  let received;
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    if (received) return;
    received = signal;
    deadline = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    // Ctrl-C reaches the whole foreground group: the terminal has told the child already.
    if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, forward);
  // npm passes a signal on to the shell it runs a script in, and that shell dies without telling us.
  const orphanCheck = setInterval(() => {
    if (process.env['npm_lifecycle_event'] && process.ppid !== PARENT) forward('SIGTERM');
  }, PARENT_CHECK_MS);
  try {
    return await new Promise((resolve) => {
      child.once('error', (error) => resolve({ code: 127, error, signal: received }));
      child.once('close', (code, signal) =>
        resolve({ code: exitCode(code, signal), signal: received }),
      );
    });
  } finally {
    clearTimeout(deadline);
    clearInterval(orphanCheck);
    for (const signal of signals) process.off(signal, forward);
  }
}

/**
 * True when the program starts and ends well; used for `--version`.
 * @param {Command} command
 */
export function answers([program, ...args]) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? stdout : undefined;
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
const exitCode = (code, signal) => code ?? (signal ? 128 + constants.signals[signal] : 1);

import type { Command } from 'commander';
import type { Terminal } from './terminal.js';

/** What the command line ends with. Scripts rely on it. */
export const EXIT = {
  /** It did what it was asked to. */
  done: 0,
  /** Redis could not be reached, or refused. */
  failed: 1,
  /** It was called in a way it does not know. */
  usage: 2,
  /** It looked, and found something wrong. */
  findings: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Makes a subcommand that prints to the terminal, and says by `end` how it ended. */
export type CommandMaker = (terminal: Terminal, end: (code: ExitCode) => void) => Command;

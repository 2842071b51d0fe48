import type { Unanswered } from '../../monitoring/monitor-reports.js';
import type { Terminal } from '../terminal.js';
import { printable } from '../format.js';

/** Says what is missing from a report. */
export const unansweredLines = (terminal: Terminal, unanswered: readonly Unanswered[]): string[] =>
  unanswered.map(({ node, asked, reason, message }) =>
    terminal.paint('yellow', printable(`${node}: ${asked} ${reason}: ${message}`)),
  );

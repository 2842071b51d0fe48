import { Command } from 'commander';
import { integerOption, outputOption } from '../command-options.js';
import { EXIT, type CommandMaker } from '../exit-codes.js';
import { cut, durationText, printable, table } from '../format.js';
import { withToolkit } from '../toolkit.js';
import { unansweredLines } from './unanswered.js';

export const slowlogCommand: CommandMaker = (terminal, end) =>
  new Command('slowlog')
    .description('the latest slow commands of all servers, with their arguments redacted')
    .addOption(integerOption('--count <n>', 'how many', { min: 1, max: 1_000, fallback: 20 }))
    .addOption(outputOption())
    .action(async ({ count, output }: { count: number; output: string }, command: Command) => {
      const log = await withToolkit(command, ({ monitor }) => monitor.slowLog({ count }));
      if (log.nodes.length === 0) end(EXIT.failed);
      if (output === 'json') return terminal.line(JSON.stringify(log));
      const rows = log.commands.map((slow) => [
        slow.at.toISOString(),
        durationText(slow.durationMs),
        printable(`${slow.command} ${slow.keys.join(' ')}`.trim()),
        `${slow.argumentCount} arguments`,
        printable(slow.clientName ?? ''),
      ]);
      for (const line of table(rows)) terminal.line(cut(line, terminal.width));
      if (rows.length === 0 && log.nodes.length > 0) terminal.line('No slow commands.');
      for (const line of unansweredLines(terminal, log.unanswered)) terminal.complain(line);
    });

import { Command } from 'commander';
import type { Estimate } from '../../monitoring/estimate.js';
import type { KeyFacts, KeyGroup, NamedKeyGroup } from '../../monitoring/key-reports.js';
import { redactKey } from '../../core/redact.js';
import { durationOption, integerOption, outputOption } from '../command-options.js';
import { EXIT, type CommandMaker } from '../exit-codes.js';
import {
  bytesText,
  countText,
  cut,
  durationText,
  percentText,
  printable,
  table,
} from '../format.js';
import { withToolkit } from '../toolkit.js';
import { unansweredLines } from './unanswered.js';

interface KeysOptions {
  readonly pattern?: string;
  readonly budget: number;
  readonly prefixes: number;
  readonly bigKeys: number;
  readonly showKeys?: true;
  readonly output: string;
}

export const keysCommand: CommandMaker = (terminal, end) =>
  new Command('keys')
    .description('what the keys are: by type and prefix, with their bytes and expiries')
    .option('--pattern <glob>', 'only keys that match (default: all)')
    .addOption(durationOption('--budget <duration>', 'longest time spent on each master', '10s'))
    .addOption(
      integerOption('--prefixes <n>', 'prefixes that are told apart', {
        min: 1,
        max: 500,
        fallback: 20,
      }),
    )
    .addOption(
      integerOption('--big-keys <n>', 'largest keys that are named', {
        min: 0,
        max: 100,
        fallback: 10,
      }),
    )
    .option('--show-keys', 'whole names of keys, which may say something of people')
    .addOption(outputOption())
    .action(async (options: KeysOptions, command: Command) => {
      const { showKeys, output, ...request } = options;
      const report = await withToolkit(command, ({ monitor }) => monitor.keyStatistics(request));
      const name = (key: string): string => (showKeys ? key : redactKey(key));
      const total = report.total && withNames(report.total, name);
      if (!total) end(EXIT.failed);
      if (output === 'json') {
        const nodes = report.nodes.map((node) => ({ ...node, ...withNames(node, name) }));
        return terminal.line(JSON.stringify({ ...report, nodes, total }));
      }
      if (total) for (const line of keyLines(total)) terminal.line(cut(line, terminal.width));
      for (const line of unansweredLines(terminal, report.unanswered)) terminal.complain(line);
    });

const withNames = (facts: KeyFacts, name: (key: string) => string): KeyFacts => ({
  ...facts,
  bigKeys: facts.bigKeys.map((big) => ({ ...big, key: name(big.key) })),
  examplesWithoutExpiry: facts.examplesWithoutExpiry.map(name),
});

function keyLines(total: KeyFacts): string[] {
  const { sample } = total;
  const lines = [
    `${about(total.keys)} keys, ${about(total.withoutExpiry)} of them without an expiry, ${sizeOf(total)}`,
    `Seen ${countText(sample.seen)} (${percentText(sample.coverage)}), examined ${countText(sample.examined)}, in ${durationText(sample.durationMs)}. ` +
      (sample.isComplete ? 'All were seen.' : 'The time was up.'),
    'What follows ± is with a confidence of 95 %.',
  ];
  const section = (title: string, groups: readonly NamedKeyGroup[]) => {
    if (groups.length === 0) return;
    const rows = groups.map((group) => [
      printable(group.name),
      about(group.keys),
      sizeOf(group),
      `${about(group.withoutExpiry)} without expiry`,
    ]);
    lines.push('', title, ...table(rows));
  };
  section('By type', total.types);
  section('By prefix', total.prefixes);
  if (total.bigKeys.length > 0) {
    const rows = total.bigKeys.map(({ key, type, bytes }) => [
      printable(key),
      type,
      bytesText(bytes),
    ]);
    lines.push('', 'Largest', ...table(rows));
  }
  if (total.examplesWithoutExpiry.length > 0) {
    lines.push('', 'Without expiry, for example', ...total.examplesWithoutExpiry.map(printable));
  }
  return lines;
}

const about = ({ value, margin }: Estimate): string =>
  margin === 0 ? countText(value) : `${countText(value)} ± ${countText(margin)}`;

const sizeOf = ({ bytes }: KeyGroup): string =>
  bytes === null
    ? bytesText(null)
    : `${bytesText(bytes.value)}${bytes.margin === 0 ? '' : ` ± ${bytesText(bytes.margin)}`}`;

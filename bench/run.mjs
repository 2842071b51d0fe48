// @ts-check
// `npm run bench -- [suite…]`: the suite, its peers and the plain driver do the same work in one process.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { requireSupportedNode } from '../scripts/lib/node-version.mjs';
import { main, say, Stop } from '../scripts/lib/output.mjs';
import { prepare } from './lib/prepare.mjs';

/** @typedef {import('./lib/measure.mjs').Settings} Settings */
/** @typedef {{ suites: string[], json: string | undefined, settings: Settings, help: boolean }} Arguments */

const SUITES = readdirSync(join(import.meta.dirname, 'suites'))
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => basename(file, '.mjs'))
  .sort();

const DEFAULTS = { seconds: 2, rounds: 5 };
/** Enough to see that everything works; the figures say little. */
const QUICK = { seconds: 0.3, rounds: 3 };

const USAGE = `npm run bench -- [suite…] [options]

Suites (default: all)
${SUITES.map((name) => `  ${name}`).join('\n')}

Options
  --json <file>    write the results as JSON
  --seconds <n>    measured time of each contender in each case (default ${DEFAULTS.seconds})
  --rounds <n>     rounds that time is split into (default ${DEFAULTS.rounds})
  --quick          ${QUICK.rounds} rounds, ${QUICK.seconds} s: shows that it works, not how fast it is
  --help           this text
`;

/** Longest wait for the process to end by itself once everything is closed. */
const END_WITHIN_MS = 5_000;

await main(async () => {
  const { suites, json, settings, help } = parseArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(USAGE);
    return 0;
  }
  requireSupportedNode();
  await prepare();
  // As in production; several packages do extra checks otherwise.
  process.env['NODE_ENV'] ??= 'production';
  // Only now: it loads the built library and the peers.
  const { runSuites } = await import('./lib/run-suites.mjs');
  try {
    await runSuites(suites, settings, json);
  } finally {
    assertEnds();
  }
  return 0;
});

/**
 * @param {string[]} args
 * @returns {Arguments}
 */
function parseArguments(args) {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((name) => !SUITES.includes(name));
  if (unknown.length > 0) {
    throw new Stop(
      `There is no suite ${unknown.map((name) => `'${name}'`).join(', ')}. Suites: ${SUITES.join(', ')}.`,
    );
  }
  const base = values.quick ? QUICK : DEFAULTS;
  return {
    suites: positionals.length > 0 ? [...new Set(positionals)] : SUITES,
    json: values.json,
    help: values.help,
    settings: {
      seconds: number('--seconds', values.seconds, base.seconds, 0.1, 600),
      rounds: integer('--rounds', values.rounds, base.rounds, 1, 100),
    },
  };
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'string' },
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new Stop(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
  }
}

/** @type {(option: string, text: string | undefined, fallback: number, min: number, max: number) => number} */
function number(option, text, fallback, min, max) {
  const value = text === undefined ? fallback : Number(text);
  if (value >= min && value <= max) return value;
  throw new Stop(`${option} is a number from ${min} to ${max}, not ${JSON.stringify(text)}.`);
}

/** @type {typeof number} */
function integer(option, text, fallback, min, max) {
  const value = number(option, text, fallback, min, max);
  if (Number.isInteger(value)) return value;
  throw new Stop(`${option} is a whole number, not ${JSON.stringify(text)}.`);
}

/** A contender that leaves something open is a finding, not a reason to wait for ever. */
function assertEnds() {
  setTimeout(() => {
    say(`Something was left open: ${process.getActiveResourcesInfo().join(', ')}`);
    process.exit(1);
  }, END_WITHIN_MS).unref();
}

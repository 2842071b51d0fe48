// @ts-check
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { RedisServer } from '../../libs/redis-kit/dist/testing/index.js';
import { say } from '../../scripts/lib/output.mjs';
import { surroundings, table } from './report.mjs';
import { describeMachine } from './versions.mjs';

/**
 * @typedef {import('./report.mjs').Case} Case
 * @typedef {import('./report.mjs').Report} Report
 *
 * @typedef {object} Suite
 * @property {Record<string, string>} versions of everything that is measured
 * @property {(context: Context) => Promise<Case[]>} run
 *
 * @typedef {object} Context
 * @property {string} suite its name
 * @property {RedisServer} server the bench's own; empty at the start of each suite
 * @property {import('./measure.mjs').Settings} settings
 */

/**
 * Runs suites one after the other, prints their tables and writes the report.
 *
 * A contender that does not do the work it is measured for fails the run, and then there is no report.
 * @param {readonly string[]} names
 * @param {import('./measure.mjs').Settings} settings
 * @param {string | undefined} json where to write the report
 */
export async function runSuites(names, settings, json) {
  const server = await RedisServer.start();
  try {
    const machine = describeMachine(server.binary);
    /** @type {Report} */
    const report = { suite: names.join(', '), versions: {}, machine, settings, cases: [] };
    for (const name of names) {
      say(`Measuring ${name} (${settings.rounds} rounds, ${settings.seconds} s each contender)`);
      /** @type {{ suite: Suite }} */
      const { suite } = await import(`../suites/${name}.mjs`);
      Object.assign(report.versions, suite.versions);
      await server.call('FLUSHALL');
      const cases = await suite.run({ suite: name, server, settings });
      for (const measured of cases) process.stdout.write(table(measured));
      report.cases.push(...cases);
    }
    process.stdout.write(surroundings(report.versions, machine));
    if (json !== undefined) write(resolve(json), report);
  } finally {
    await server.stop();
  }
}

/**
 * @param {string} file
 * @param {Report} report
 */
function write(file, report) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  say(`Wrote ${file}`);
}

// @ts-check
// `npm run check`: everything that can be known without a server. `--static` leaves out the unit tests.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies } from './lib/dependencies.mjs';
import { jestEnvironment } from './lib/jest.mjs';
import { requireSupportedNode } from './lib/node-version.mjs';
import { main, say } from './lib/output.mjs';
import { ROOT } from './lib/paths.mjs';

/** @typedef {{ name: string, tool: string, args: readonly string[], isStatic: boolean, env?: NodeJS.ProcessEnv }} Step */

/** @type {readonly Step[]} */
const STEPS = [
  {
    name: 'format',
    tool: 'prettier/bin/prettier.cjs',
    args: ['--check', '--log-level=warn', '.'],
    isStatic: true,
  },
  { name: 'lint', tool: 'oxlint/bin/oxlint', args: ['--deny-warnings'], isStatic: true },
  {
    name: 'dependencies',
    tool: 'dependency-cruiser/bin/dependency-cruise.mjs',
    args: ['--config', '.dependency-cruiser.cjs', 'libs', 'apps', 'test'],
    isStatic: true,
  },
  {
    name: 'types',
    tool: 'typescript/bin/tsc',
    args: ['-p', 'tsconfig.json', '--noEmit'],
    isStatic: true,
  },
  {
    name: 'types of the scripts',
    tool: 'typescript/bin/tsc',
    args: ['-p', 'scripts/tsconfig.json', '--noEmit'],
    isStatic: true,
  },
  {
    name: 'unit tests',
    tool: 'jest/bin/jest.js',
    args: ['--selectProjects', 'unit'],
    isStatic: false,
    env: jestEnvironment(process.env),
  },
];

await main(async () => {
  requireSupportedNode();
  await ensureDependencies();

  const onlyStatic = process.argv.includes('--static');
  const results = STEPS.filter((step) => step.isStatic || !onlyStatic).map(run);

  say('Summary');
  for (const { name, passed, seconds } of results) {
    say(`${passed ? 'passed' : 'FAILED'}  ${name} (${seconds.toFixed(1)} s)`);
  }
  return results.every(({ passed }) => passed) ? 0 : 1;
});

/** @param {Step} step */
function run({ name, tool, args, env = process.env }) {
  say(`Checking ${name}`);
  const started = Date.now();
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules', tool), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env,
  });
  return { name, passed: status === 0, seconds: (Date.now() - started) / 1000 };
}

// @ts-check
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { newestChange } from '../../scripts/lib/build.mjs';
import { differs, ensureDependencies } from '../../scripts/lib/dependencies.mjs';
import { say, Stop } from '../../scripts/lib/output.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { runQuietly, spell } from '../../scripts/lib/processes.mjs';

/** Makes sure that the workspace, the peers and the built library are there and up to date. */
export async function prepare() {
  await ensureDependencies();
  await ensurePeers();
  await ensureLibrary();
}

async function ensurePeers() {
  const lock = readJson('bench/package-lock.json');
  const installed = join(ROOT, 'bench/node_modules/.package-lock.json');
  if (existsSync(installed) && !differs(lock, readJson('bench/node_modules/.package-lock.json'))) {
    return;
  }
  await run('Installing the peers', ['npm', 'ci', '--prefix', 'bench', '--no-audit', '--no-fund']);
}

async function ensureLibrary() {
  const library = join(ROOT, 'libs/redis-kit');
  const entry = join(library, 'dist/index.js');
  const sources = [
    join(library, 'src'),
    join(library, 'package.json'),
    join(library, 'tsconfig.lib.json'),
    join(ROOT, 'tsconfig.json'),
  ];
  const builtAt = statSync(entry, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (builtAt > Math.max(...sources.map(newestChange))) return;
  try {
    await run('Building the library', ['npx', 'nest', 'build', 'redis-kit']);
  } catch (error) {
    // The compiler writes files in spite of errors; without the entry the next run builds again.
    rmSync(entry, { force: true });
    throw error;
  }
}

/**
 * @param {string} label
 * @param {[program: string, ...args: string[]]} command
 */
async function run(label, command) {
  say(`${label}: ${spell(command)}`);
  const { code, output } = await runQuietly(command, label);
  if (code !== 0) throw new Stop(`${label} failed:\n${output.trimEnd()}`);
}

/** @param {string} path from the root of the workspace */
const readJson = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

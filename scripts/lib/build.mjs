// @ts-check
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { runQuietly } from './processes.mjs';
import { say, Stop } from './output.mjs';

/**
 * @typedef {{ name: string, folder: string, inputs: readonly string[] }} Project
 */

/** @type {readonly Project[]} in the order of the build: the shop is compiled against the built library */
const PROJECTS = [
  {
    name: 'redis-kit',
    folder: 'libs/redis-kit',
    inputs: ['src', 'package.json', 'tsconfig.lib.json'],
  },
  { name: 'shop', folder: 'apps/shop', inputs: ['src', 'package.json', 'tsconfig.app.json'] },
];

/**
 * The latest time anything at or below `path` changed. Folders count, so a deleted file is noticed.
 * @param {string} path
 * @returns {number}
 */
export function newestChange(path) {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) return 0;
  if (!entry.isDirectory()) return entry.mtimeMs;
  return readdirSync(path).reduce(
    (newest, name) => Math.max(newest, newestChange(join(path, name))),
    entry.mtimeMs,
  );
}

/**
 * Builds the library, then the shop.
 * @param {{ always: boolean }} options `always` builds even what is newer than its sources
 */
export async function build({ always }) {
  let rebuilding = always;
  for (const project of PROJECTS) {
    // Written only after a build that succeeded, so a broken or interrupted one is repeated.
    const stamp = join(ROOT, 'artifacts', 'built', project.name);
    rebuilding ||= !isFresh(project, stamp);
    if (rebuilding) await buildProject(project, stamp);
  }
}

/**
 * @param {Project} project
 * @param {string} stamp
 */
function isFresh({ folder, inputs }, stamp) {
  if (!existsSync(join(ROOT, folder, 'dist')) || !existsSync(stamp)) return false;
  const sources = [
    ...inputs.map((input) => join(ROOT, folder, input)),
    join(ROOT, 'tsconfig.json'),
  ];
  return statSync(stamp).mtimeMs >= Math.max(...sources.map(newestChange));
}

/**
 * @param {Project} project
 * @param {string} stamp
 */
async function buildProject({ name, folder }, stamp) {
  say(`Building ${name}`);
  rmSync(stamp, { force: true });
  rmSync(join(ROOT, folder, 'dist'), { recursive: true, force: true });
  const started = new Date();
  const cli = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');
  const { code, output } = await runQuietly(
    [process.execPath, cli, 'build', name],
    `Building ${name}`,
  );
  if (code !== 0) throw new Stop(`nest build ${name} failed:\n${output.trimEnd()}`);
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(stamp, '');
  // What was edited during the build is newer than the stamp, and built again next time.
  utimesSync(stamp, started, started);
}

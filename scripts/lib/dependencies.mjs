// @ts-check
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { runQuietly, spell } from './processes.mjs';
import { say, Stop, warn } from './output.mjs';

/**
 * @typedef {{ version?: string, link?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lockfile
 */

/**
 * True when what is installed is not what the lock asks for.
 *
 * Contents are compared because times say little: a checkout gives the lock a new time without a new content.
 * Optional packages of other platforms are in the lock and rightly not installed.
 * @param {Lockfile} lock package-lock.json
 * @param {Lockfile} installed node_modules/.package-lock.json
 */
export function differs(lock, installed) {
  const present = installed.packages ?? {};
  return Object.entries(lock.packages ?? {}).some(([path, wanted]) => {
    if (!path.includes('node_modules/')) return false;
    const found = present[path];
    if (!found) return !wanted.optional && !wanted.devOptional && !wanted.peer;
    return found.version !== wanted.version;
  });
}

/** @returns {boolean} */
function isInstalled() {
  const lock = join(ROOT, 'package-lock.json');
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return true;
  return !differs(
    JSON.parse(readFileSync(lock, 'utf8')),
    JSON.parse(readFileSync(installed, 'utf8')),
  );
}

/** Installs the workspace's packages unless what is installed is what the lock asks for. */
export async function ensureDependencies() {
  if (isInstalled()) return;
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const first = /** @type {const} */ (['npm', 'ci', ...quiet]);
  say(`Installing the packages (about a minute the first time): ${spell(first)}`);
  const clean = await runQuietly(first, 'Installing the packages');
  if (clean.code === 0) return;

  // `npm ci` wants every package of the lock, also a binary for another platform that its maker has
  // not published yet; `npm install` takes what this machine needs.
  const second = /** @type {const} */ (['npm', 'install', '--no-save', ...quiet]);
  warn(`npm ci failed:\n${tail(clean.output)}\nTrying instead: ${spell(second)}`);
  const lenient = await runQuietly(second, 'Installing the packages');
  if (lenient.code === 0) return;
  throw new Stop(
    `The packages could not be installed:\n${tail(lenient.output)}\n` +
      'Is the npm registry reachable from here (npm ping)?',
  );
}

/** @param {string} output */
const tail = (output) => output.trimEnd().split('\n').slice(-15).join('\n');

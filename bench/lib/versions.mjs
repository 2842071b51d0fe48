// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/lib/paths.mjs';

/** @typedef {{ cpu: string, cores: number, node: string, redis: string }} Machine */

/**
 * Version of a peer's package, as installed here.
 * @param {string} name
 */
export const peerVersion = (name) => versionOf(name, ['bench/node_modules']);

/**
 * Version of a package as the library gets it.
 * @param {string} name
 */
export const libraryVersion = (name) =>
  versionOf(name, ['libs/redis-kit/node_modules', 'node_modules']);

/**
 * @param {{ flavour: string, version: string }} server
 * @returns {Machine}
 */
export function describeMachine({ flavour, version }) {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    node: process.version,
    redis: `${flavour} ${version}`,
  };
}

/**
 * @param {string} name
 * @param {readonly string[]} folders looked into in this order
 * @returns {string}
 */
function versionOf(name, folders) {
  const manifest = folders
    .map((folder) => join(ROOT, folder, name, 'package.json'))
    .find((path) => existsSync(path));
  if (!manifest) throw new Error(`${name} is not installed in ${folders.join(' or ')}`);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

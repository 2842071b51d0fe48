// @ts-check
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What the choice of an installer depends on.
 * @typedef {object} Machine
 * @property {boolean} isRoot
 * @property {boolean} isInteractive somebody is at the terminal and could type a password
 * @property {(program: string) => string | undefined} which the path of a program, when it is installed
 */

/**
 * Where package managers put servers that are not on everybody's PATH.
 * @type {readonly string[]}
 */
const BEYOND_PATH = ['/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];

/**
 * The path of an executable on PATH or in the usual places beyond it.
 * @param {string} program
 */
export function which(program) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...BEYOND_PATH];
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  return folders
    .filter((folder) => folder !== '')
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** @returns {Machine} this one */
export const thisMachine = () => ({
  isRoot: process.getuid?.() === 0,
  isInteractive: Boolean(process.stdin.isTTY) && !process.env['CI'],
  which,
});

import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { RigError } from './rig.errors.js';

/** The server program to test with, found by `findRedisBinary`. The same program serves as Sentinel. */
export interface RedisBinary {
  path: string;
  flavour: 'redis' | 'valkey';
  /** As the program prints it, such as `7.0.15`. */
  version: string;
}

const NAMES = ['redis-server', 'valkey-server'];
const ENVIRONMENT = 'REDIS_KIT_SERVER_BINARY';
const run = promisify(execFile);
const found = new Map<string, Promise<RedisBinary>>();

/**
 * Finds the server program: `explicit`, else the environment variable `REDIS_KIT_SERVER_BINARY`, else `redis-server`
 * or `valkey-server` on the `PATH`.
 *
 * @throws RigError `BINARY_NOT_FOUND`, which says what to install.
 */
export async function findRedisBinary(explicit?: string): Promise<RedisBinary> {
  const path = await locate(explicit);
  let binary = found.get(path);
  if (binary === undefined) {
    binary = inspect(path);
    found.set(path, binary);
    binary.catch(() => found.delete(path));
  }
  return await binary;
}

async function locate(explicit: string | undefined): Promise<string> {
  const wanted = explicit ?? process.env[ENVIRONMENT];
  if (wanted !== undefined && wanted !== '') {
    const path = await which(wanted);
    if (path !== undefined) return path;
    const source = explicit === undefined ? ENVIRONMENT : 'the option `binary`';
    throw new RigError('BINARY_NOT_FOUND', `There is no program "${wanted}" (given by ${source})`);
  }
  for (const name of NAMES) {
    const path = await which(name);
    if (path !== undefined) return path;
  }
  throw new RigError(
    'BINARY_NOT_FOUND',
    `Found neither ${NAMES.join(' nor ')} on the PATH. Install one (Debian and Ubuntu: "apt-get install redis-server", ` +
      `Fedora: "dnf install valkey", macOS: "brew install redis"), or name the program in ${ENVIRONMENT}.`,
  );
}

async function which(program: string): Promise<string | undefined> {
  const candidates =
    isAbsolute(program) || program.includes('/')
      ? [resolve(program)]
      : (process.env['PATH'] ?? '')
          .split(delimiter)
          .filter((directory) => directory !== '')
          .map((directory) => join(directory, program));
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not there; the next directory of the PATH may have it.
    }
  }
  return undefined;
}

async function inspect(path: string): Promise<RedisBinary> {
  let banner: string;
  try {
    banner = (await run(path, ['--version'])).stdout;
  } catch (cause) {
    throw new RigError('BINARY_NOT_FOUND', `"${path} --version" failed`, { cause });
  }
  // "Redis server v=7.0.15 sha=…" and "Valkey server v=8.0.1 sha=…".
  const match = /^(redis|valkey) server v=(\S+)/i.exec(banner);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new RigError(
      'BINARY_NOT_FOUND',
      `"${path}" is no Redis or Valkey server: ${banner.trim()}`,
    );
  }
  return { path, flavour: match[1].toLowerCase() as RedisBinary['flavour'], version: match[2] };
}

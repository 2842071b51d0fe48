// @ts-check
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { runInForeground } from './processes.mjs';

/**
 * The environment of a Jest run: ES modules in Jest need a flag of Node.js, which would otherwise warn in every
 * worker. What the caller set stays.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function jestEnvironment(env) {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const given = env['NODE_OPTIONS']?.split(/\s+/).filter(Boolean) ?? [];
  const missing = flags.filter((flag) => !given.includes(flag));
  return { ...env, NODE_OPTIONS: [...given, ...missing].join(' ') };
}

/**
 * The projects a run's arguments select; undefined means all of them.
 * @param {readonly string[]} args
 * @returns {readonly string[] | undefined}
 */
export function selectedProjects(args) {
  const inline = args.filter((arg) => arg.startsWith('--selectProjects='));
  if (inline.length > 0) return inline.map((arg) => arg.slice('--selectProjects='.length));
  const start = args.indexOf('--selectProjects');
  if (start < 0) return undefined;
  const rest = args.slice(start + 1);
  const end = rest.findIndex((arg) => arg.startsWith('-'));
  return end < 0 ? rest : rest.slice(0, end);
}

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function runJest(args, env) {
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  return runInForeground([process.execPath, jest, ...args], env);
}

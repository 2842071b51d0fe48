import {
  runProcesses,
  type RunProcessesOptions,
  type ScenarioMethods,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import { TYPESCRIPT_ARGS } from './typescript.js';

/**
 * Runs `test/scenarios/<name>.ts` in `count` processes, against the sources of the library.
 *
 * @example
 * const buyers = await runScenario<typeof import('../scenarios/buyers.js').methods>(3, 'buyers');
 */
export async function runScenario<Methods extends ScenarioMethods>(
  count: number,
  name: string,
  options: Omit<RunProcessesOptions, 'execArgv'> = {},
): Promise<ScenarioProcesses<Methods>> {
  const script = new URL(`../scenarios/${name}.ts`, import.meta.url);
  return await runProcesses<Methods>(count, script, { ...options, execArgv: TYPESCRIPT_ARGS });
}

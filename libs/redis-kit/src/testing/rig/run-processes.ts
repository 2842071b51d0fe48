import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkInteger } from './check-option.js';
import { GuardedDirectory } from './guarded-directory.js';
import { RigError } from './rig.errors.js';
import { ScenarioProcess, type ScenarioProgram } from './scenario-process.js';
import type { ScenarioMethods } from './serve-scenario.js';
import { startTogether, stopTogether } from './start-together.js';

export interface RunProcessesOptions {
  /** Arguments of the scenario, in its `process.argv`. */
  args?: readonly string[];
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  /** Arguments of Node itself, such as a loader. @default none */
  execArgv?: readonly string[];
}

/**
 * Starts `count` Node processes of the program at `scriptUrl`, which calls `serveScenario`; resolves when all of
 * them serve. Name the type of the methods it serves to have the calls checked.
 *
 * @throws RigError `SCENARIO_EXITED` with what a process printed, when one does not get so far.
 */
export async function runProcesses<Methods extends ScenarioMethods>(
  count: number,
  scriptUrl: URL | string,
  { args = [], env = {}, execArgv = [] }: RunProcessesOptions = {},
): Promise<ScenarioProcesses<Methods>> {
  checkInteger('count', count, 1);
  const path = fileURLToPath(scriptUrl);
  const directory = new GuardedDirectory('processes');
  const program = { path, args, env: { ...process.env, ...env }, execArgv };
  try {
    const processes = await startTogether(
      Array.from({ length: count }, (_, index) => startScenario(program, index, directory)),
    );
    return new ScenarioProcesses(program, processes, directory);
  } catch (error) {
    await directory.remove();
    throw error;
  }
}

/** The processes of `runProcesses`, numbered from 0. They do not outlive this process. */
export class ScenarioProcesses<Methods extends ScenarioMethods> implements AsyncDisposable {
  readonly #program: ScenarioProgram;
  readonly #processes: ScenarioProcess[];
  readonly #directory: GuardedDirectory;

  /** @internal */
  constructor(program: ScenarioProgram, processes: ScenarioProcess[], directory: GuardedDirectory) {
    this.#program = program;
    this.#processes = processes;
    this.#directory = directory;
  }

  get count(): number {
    return this.#processes.length;
  }

  pid(index: number): number {
    return this.#at(index).pid;
  }

  /**
   * Calls a method of one process. A paused process answers when it is resumed.
   *
   * @throws what the method threw, or RigError `SCENARIO_EXITED` when the process ends, or has ended.
   */
  async call<Name extends keyof Methods & string>(
    index: number,
    method: Name,
    ...args: Parameters<Methods[Name]>
  ): Promise<Awaited<ReturnType<Methods[Name]>>> {
    const result = await this.#at(index).call(method, args);
    return result as Awaited<ReturnType<Methods[Name]>>;
  }

  /** Calls a method of all processes that run, at the same time; results in their order. */
  async all<Name extends keyof Methods & string>(
    method: Name,
    ...args: Parameters<Methods[Name]>
  ): Promise<Awaited<ReturnType<Methods[Name]>>[]> {
    return await Promise.all(
      this.#processes.flatMap(({ running }, index) =>
        running ? [this.call(index, method, ...args)] : [],
      ),
    );
  }

  /** SIGKILL; resolves when it is dead. */
  async kill(index: number): Promise<void> {
    await this.#at(index).kill();
  }

  /** SIGSTOP: as if its event loop stood still. */
  pause(index: number): void {
    this.#at(index).pause();
  }

  resume(index: number): void {
    this.#at(index).resume();
  }

  /** Puts a new process in the place of one that has ended, or is ended now; resolves when it serves. */
  async restart(index: number): Promise<void> {
    await this.#at(index).kill();
    this.#processes[index] = await startScenario(this.#program, index, this.#directory);
  }

  /** SIGTERM, SIGKILL after 2 s; resolves when all have ended. */
  async stop(): Promise<void> {
    await stopTogether(this.#processes);
    await this.#directory.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #at(index: number): ScenarioProcess {
    const process = this.#processes[index];
    if (process === undefined) {
      throw new RigError(
        'NOT_A_MEMBER',
        `There are ${this.count} processes, none with index ${index}`,
      );
    }
    return process;
  }
}

async function startScenario(
  program: ScenarioProgram,
  index: number,
  directory: GuardedDirectory,
): Promise<ScenarioProcess> {
  return await ScenarioProcess.start(`${basename(program.path)} #${index}`, program, directory);
}

import { fork, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { GuardedDirectory } from './guarded-directory.js';
import { OwnedProcess, type ProcessExit } from './owned-process.js';
import { RigError } from './rig.errors.js';
import { unpackError, type ScenarioCall, type ScenarioMessage } from './scenario-protocol.js';

export interface ScenarioProgram {
  /** Path of the program, which calls `serveScenario`. */
  path: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Arguments of Node itself. */
  execArgv: readonly string[];
}

interface PendingCall {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

const READY_WITHIN_MS = 30_000;
const STOP_GRACE_MS = 2_000;
const OUTPUT_KEPT = 8_192;

/** One Node process that runs a scenario. */
export class ScenarioProcess {
  readonly #label: string;
  readonly #child: ChildProcess;
  readonly #process: OwnedProcess;
  readonly #calls = new Map<number, PendingCall>();
  readonly #closed: Promise<void>;
  #lastCall = 0;
  #output = '';

  /** Resolves when the scenario serves. */
  static async start(
    label: string,
    { path, args, env, execArgv }: ScenarioProgram,
    directory: GuardedDirectory,
  ): Promise<ScenarioProcess> {
    const child = fork(path, [...args], {
      env,
      execArgv: [...execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    const scenario = new ScenarioProcess(label, child, await OwnedProcess.adopt(child, directory));
    try {
      await scenario.#ready();
    } catch (error) {
      await scenario.kill();
      throw error;
    }
    return scenario;
  }

  private constructor(label: string, child: ChildProcess, process: OwnedProcess) {
    this.#label = label;
    this.#child = child;
    this.#process = process;
    for (const stream of [child.stdout as Socket, child.stderr as Socket]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_KEPT);
      });
      stream.unref();
    }
    child.on('message', (message: ScenarioMessage) => this.#settle(message));
    // A write to a process that has just died; its exit rejects the call.
    child.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      // `close` and not `exit`: by then all it wrote has arrived.
      child.once('close', () => {
        this.#rejectCalls();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.running;
  }

  /** @throws what the scenario threw, or RigError `SCENARIO_EXITED` with what it had printed. */
  async call(method: string, args: unknown[]): Promise<unknown> {
    if (!this.running || !this.#child.connected) {
      await this.#closed;
      throw this.#exited();
    }
    this.#lastCall += 1;
    const call: ScenarioCall = { id: this.#lastCall, method, args };
    // Only a pending call keeps this process from ending.
    this.#child.channel?.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.#calls.set(call.id, { resolve, reject });
        this.#child.send(call);
      });
    } finally {
      this.#calls.delete(call.id);
      if (this.#calls.size === 0) this.#child.channel?.unref();
    }
  }

  async kill(): Promise<void> {
    await this.#process.kill();
    await this.#closed;
  }

  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  async stop(): Promise<void> {
    await this.#process.terminate(STOP_GRACE_MS);
    await this.#closed;
  }

  async #ready(): Promise<void> {
    let tooLong: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#child.once('message', () => resolve());
        void this.#closed.then(() => reject(this.#exited()));
        tooLong = setTimeout(() => {
          const message = `${this.#label} did not call serveScenario within ${READY_WITHIN_MS} ms`;
          reject(new RigError('NOT_IN_TIME', `${message}; it printed:\n${this.#output}`));
        }, READY_WITHIN_MS);
      });
    } finally {
      clearTimeout(tooLong);
      this.#child.channel?.unref();
    }
  }

  #settle(message: ScenarioMessage): void {
    if (message.type === 'ready') return;
    const call = this.#calls.get(message.id);
    if (message.type === 'returned') call?.resolve(message.value);
    else call?.reject(unpackError(message.error));
  }

  #rejectCalls(): void {
    for (const { reject } of this.#calls.values()) reject(this.#exited());
  }

  #exited(): RigError {
    const { code, signal } = this.#process.exit as ProcessExit;
    const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    return new RigError('SCENARIO_EXITED', `${this.#label} ${how}; it printed:\n${this.#output}`);
  }
}

import type { ChildProcess } from 'node:child_process';
import { RigError } from './rig.errors.js';
import type { GuardedDirectory } from './guarded-directory.js';

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * A child process spawned with `detached: true`, which dies with this process (see `GuardedDirectory`) and does not
 * keep this process from ending. Signals reach its whole process group.
 */
export class OwnedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  #exit: ProcessExit | undefined;
  #paused = false;

  /** @throws the spawn error (`ENOENT`, `EACCES`, …) as a rejection. */
  static async adopt(child: ChildProcess, directory: GuardedDirectory): Promise<OwnedProcess> {
    if (child.pid === undefined) {
      const failure = await new Promise<Error>((resolve) => child.once('error', resolve));
      throw failure;
    }
    return new OwnedProcess(child, child.pid, directory);
  }

  private constructor(child: ChildProcess, pid: number, directory: GuardedDirectory) {
    this.#child = child;
    this.pid = pid;
    directory.adopt(pid);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        directory.disown(pid);
        this.#exit = { code, signal };
        this.#paused = false;
        resolve(this.#exit);
      });
    });
    child.unref();
  }

  get exit(): ProcessExit | undefined {
    return this.#exit;
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** SIGSTOP: it keeps its connections and answers nothing. */
  pause(): void {
    this.#signal('SIGSTOP');
    this.#paused = true;
  }

  resume(): void {
    this.#signal('SIGCONT');
    this.#paused = false;
  }

  /** SIGKILL; resolves when it is dead. Does nothing when it already is. */
  async kill(): Promise<void> {
    if (!this.running) return;
    this.#signal('SIGKILL');
    await this.ended();
  }

  /** SIGTERM, and SIGKILL when it is still there after `graceMs`. */
  async terminate(graceMs: number): Promise<void> {
    if (!this.running) return;
    if (this.#paused) this.resume();
    this.#signal('SIGTERM');
    const tooLong = setTimeout(() => this.#signal('SIGKILL'), graceMs);
    await this.ended();
    clearTimeout(tooLong);
  }

  /** Resolves when it has ended by itself; keeps this process alive for as long. */
  async ended(): Promise<ProcessExit> {
    if (this.#exit !== undefined) return this.#exit;
    this.#child.ref();
    return await this.exited;
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.running) throw new RigError('NOT_RUNNING', `Process ${this.pid} has ended`);
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      // ESRCH: it died a moment ago, and its exit event is on the way.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

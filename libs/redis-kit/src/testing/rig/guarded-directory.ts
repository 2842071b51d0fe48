import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PIDS = '.pids';

// Reading ends when the write end of the pipe is closed: by `remove()`, or by the kernel however this process ends,
// SIGKILL included. Signals go to the process group, so a server's forked child (BGSAVE) dies as well, and a stopped
// process dies of SIGKILL like any other. A dying process may still create a file while its directory is emptied,
// hence the repetition.
const GUARD = `
read -r _
for file in "$1"/${PIDS}/*; do
  [ -e "$file" ] && kill -s KILL -- "-\${file##*/}" 2>/dev/null
done
for _ in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf -- "$1" 2>/dev/null && exit 0
  sleep 0.1
done
exit 1
`;

/**
 * A temporary directory with the processes that live in it. Both are gone when this process ends, for whatever
 * reason, even if it was killed (-9) and the processes were stopped (SIGSTOP): a waiting `sh`, which holds a pipe
 * to this process, takes care of it.
 */
export class GuardedDirectory {
  readonly path: string;
  readonly #guard: ChildProcess;

  constructor(purpose: string) {
    this.path = mkdtempSync(join(realpathSync(tmpdir()), `redis-kit-${purpose}-`));
    mkdirSync(join(this.path, PIDS));
    // Its own session: Ctrl-C in the terminal must not kill the guard before those it guards.
    this.#guard = spawn('/bin/sh', ['-c', GUARD, 'redis-kit-guard', this.path], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    });
    this.#guard.unref();
    (this.#guard.stdin as Socket).unref();
    // EPIPE when the guard itself was killed; `remove` does the work then.
    this.#guard.stdin?.on('error', () => undefined);
  }

  /** From now on the process group `pid` dies with this process. */
  adopt(pid: number): void {
    writeFileSync(join(this.path, PIDS, String(pid)), '');
  }

  /** Call it as soon as the process has ended: its id may be given to another one. */
  disown(pid: number): void {
    rmSync(join(this.path, PIDS, String(pid)), { force: true });
  }

  /** Kills what is still adopted and removes the directory. */
  async remove(): Promise<void> {
    if (this.#guard.exitCode === null && this.#guard.signalCode === null) {
      this.#guard.ref();
      const exited = once(this.#guard, 'exit');
      this.#guard.stdin?.end();
      await exited;
    }
    rmSync(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

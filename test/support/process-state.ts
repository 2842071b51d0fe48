import { execFileSync } from 'node:child_process';

/** Whether a process runs or is stopped; one that ended and waits to be collected by its parent does not count. */
export function isAlive(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
    return !state.trim().startsWith('Z');
  } catch {
    // ps exits with 1 when there is no such process.
    return false;
  }
}

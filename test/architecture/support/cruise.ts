import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { ICruiseResult } from 'dependency-cruiser';
import { ROOT } from './sources.js';

/** One broken rule, as text that reads well in a failed test. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** Applies the repository's dependency rules to `folders` of the tree at `base`. */
export async function violationsIn(base: string, folders: readonly string[]): Promise<Violation[]> {
  const { summary } = await cruise(base, folders);
  return summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}

// In a process of its own: the rules apply to the working directory, and Jest's module loader is not Node's.
function cruise(base: string, folders: readonly string[]): Promise<ICruiseResult> {
  const tool = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(ROOT, '.dependency-cruiser.cjs');
  const args = [tool, '--config', config, '--output-type', 'json', ...folders];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: base, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      // Violations make the exit code, so only output that is not a result is a failure of the tool.
      if (stdout.startsWith('{')) resolve(JSON.parse(stdout) as ICruiseResult);
      else reject(new Error(`dependency-cruiser failed: ${stderr || String(error)}`));
    });
  });
}

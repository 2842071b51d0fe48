import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

/** The folder of the workspace. */
export const ROOT = resolve(import.meta.dirname, '../../..');

/** The sources of the library. */
export const LIBRARY = join(ROOT, 'libs/redis-kit/src');

/** Folders that hold what is made or downloaded, never what is written here. */
const MADE = new Set(['node_modules', 'dist', 'artifacts', 'coverage', '.git', '.data']);

/** Every file at or below `folder` that is written here and whose name fits. */
export function filesIn(folder: string, fits: (name: string) => boolean = () => true): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !MADE.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesIn(path, fits);
      return entry.isFile() && fits(entry.name) ? [path] : [];
    })
    .sort();
}

/** The path as it is written in messages: from the workspace's folder, with forward slashes. */
export const shown = (path: string): string => relative(ROOT, path).split(sep).join('/');

export const read = (path: string): string => readFileSync(path, 'utf8');

import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';

/** A second owner is about to open a live data directory, which would corrupt it. */
export class DataDirectoryInUseError extends Error {
  override readonly name = 'DataDirectoryInUseError';
  readonly code = 'DATA_DIRECTORY_IN_USE';

  constructor(
    readonly directory: string,
    readonly lockFile: string,
    readonly owner: LockOwner,
  ) {
    super(
      `The data directory ${directory} is in use by process ${owner.pid} on ${owner.host}, and an embedded database has ` +
        `one owner. Stop that process, or give this one another SHOP_DATA_DIR, or let the owner serve its database ` +
        `(SHOP_PG_SOCKET_PORT) and connect here with DATABASE_URL. If no such process is running, delete ${lockFile}.`,
    );
  }
}

export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** When the process started, as the kernel counts it: tells a process from a later one with the same pid. */
  readonly started: string | undefined;
}

/**
 * The one owner of a data directory, known by a file beside it (`<directory>.lock`). The file of a process that no longer
 * runs is taken over; the file of another host is respected, because from here nobody can tell whether its process lives.
 */
export class DataDirectoryLock {
  readonly #file: string;
  readonly #content: string;

  private constructor(file: string, content: string) {
    this.#file = file;
    this.#content = content;
  }

  /** @throws DataDirectoryInUseError when another process owns the directory */
  static async acquire(directory: string): Promise<DataDirectoryLock> {
    const path = resolve(directory);
    const file = `${path}.lock`;
    const self: LockOwner = {
      pid: process.pid,
      host: hostname(),
      started: await startOf(process.pid),
    };
    const content = JSON.stringify(self);
    await mkdir(dirname(file), { recursive: true });
    for (;;) {
      if (await create(file, content)) return new DataDirectoryLock(file, content);
      const found = await readIfThere(file);
      if (found === undefined) continue;
      const owner = parseOwner(found);
      if (owner && (await isAlive(owner, self)))
        throw new DataDirectoryInUseError(path, file, owner);
      await removeStale(file, found);
    }
  }

  async release(): Promise<void> {
    if ((await readIfThere(this.#file)) === this.#content) await rm(this.#file, { force: true });
  }
}

/** Appears complete or not at all: a reader must never meet a half-written owner. */
async function create(file: string, content: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const handle = await open(draft, 'wx');
  try {
    await handle.writeFile(content);
    await handle.close();
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the file only if it is still the stale one: another process may have taken over in between. */
async function removeStale(file: string, stale: string): Promise<void> {
  const aside = `${file}.stale.${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readIfThere(aside)) !== stale) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseOwner(content: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(content) as Partial<LockOwner>;
    if (!Number.isInteger(owner.pid) || typeof owner.host !== 'string') return undefined;
    return owner as LockOwner;
  } catch {
    return undefined;
  }
}

async function isAlive(owner: LockOwner, self: LockOwner): Promise<boolean> {
  if (owner.host !== self.host) return true;
  if (owner.pid === self.pid) return owner.started === self.started;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = await startOf(owner.pid);
  return started === undefined || owner.started === undefined || started === owner.started;
}

/** Field 22 of /proc/<pid>/stat; `undefined` where there is no /proc, and the pid alone must do. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command in field 2 is in parentheses and may hold spaces: count from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

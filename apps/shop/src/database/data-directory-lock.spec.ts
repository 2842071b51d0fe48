import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DataDirectoryInUseError,
  DataDirectoryLock,
  type LockOwner,
} from './data-directory-lock.js';

describe('DataDirectoryLock', () => {
  let root = '';
  let directory = '';
  let file = '';

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'shop-lock-'));
    directory = join(root, 'pg');
    file = `${directory}.lock`;
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const ownedBy = (owner: Partial<LockOwner>): void =>
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), ...owner }));
  const owner = (): LockOwner => JSON.parse(readFileSync(file, 'utf8')) as LockOwner;

  it('names its owner, and nobody once it is released', async () => {
    const lock = await DataDirectoryLock.acquire(directory);
    expect(owner()).toMatchObject({ pid: process.pid, host: hostname() });
    await lock.release();
    expect(existsSync(file)).toBe(false);
  });

  it('refuses a second owner, and says who the first one is and what to do', async () => {
    const lock = await DataDirectoryLock.acquire(directory);
    const second = DataDirectoryLock.acquire(directory);
    await expect(second).rejects.toThrow(DataDirectoryInUseError);
    await expect(second).rejects.toThrow(
      new RegExp(`in use by process ${process.pid} .*SHOP_DATA_DIR.*SHOP_PG_SOCKET_PORT`),
    );
    await lock.release();
  });

  it('refuses while another process lives', async () => {
    ownedBy({ pid: process.ppid });
    await expect(DataDirectoryLock.acquire(directory)).rejects.toThrow(DataDirectoryInUseError);
  });

  it('respects an owner on another host', async () => {
    ownedBy({ pid: 1, host: 'somewhere-else' });
    await expect(DataDirectoryLock.acquire(directory)).rejects.toThrow('on somewhere-else');
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 22 + 1 }],
    ['an earlier process with the same pid', { started: '1' }],
    ['an earlier process with the pid of another one', { pid: process.ppid, started: '1' }],
  ])('takes over from %s', async (_who, stale) => {
    ownedBy(stale);
    const lock = await DataDirectoryLock.acquire(directory);
    expect(owner().pid).toBe(process.pid);
    await lock.release();
  });

  it('takes over a file that names nobody', async () => {
    writeFileSync(file, 'half a fi');
    const lock = await DataDirectoryLock.acquire(directory);
    expect(owner().pid).toBe(process.pid);
    await lock.release();
  });

  it('has one winner among those that find the same stale owner', async () => {
    ownedBy({ pid: 2 ** 22 + 1 });
    const attempts = await Promise.allSettled(
      Array.from({ length: 8 }, () => DataDirectoryLock.acquire(directory)),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

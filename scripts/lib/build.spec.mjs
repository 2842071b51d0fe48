// @ts-check
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newestChange } from './build.mjs';

describe('the newest change', () => {
  /** @type {string} */
  let folder;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'newest-change-'));
    mkdirSync(join(folder, 'src'));
    for (const name of ['a.ts', 'b.ts']) writeFileSync(join(folder, 'src', name), '');
    for (const path of ['src/a.ts', 'src/b.ts', 'src', '.'])
      utimesSync(join(folder, path), 1_000, 1_000);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is the latest of all files and folders', () => {
    expect(newestChange(folder)).toBe(1_000_000);
    utimesSync(join(folder, 'src/b.ts'), 2_000, 2_000);
    expect(newestChange(folder)).toBe(2_000_000);
  });

  it('notices a file that was deleted', () => {
    rmSync(join(folder, 'src/a.ts'));
    expect(newestChange(folder)).toBeGreaterThan(1_000_000);
  });

  it('is the beginning of time for what does not exist', () => {
    expect(newestChange(join(folder, 'nowhere'))).toBe(0);
  });
});

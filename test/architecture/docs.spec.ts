import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesIn, read, ROOT, shown } from './support/sources.js';

/** Runs a script of the workspace and returns what it printed, whether it ended well or not. */
const outputOf = (script: string, ...args: string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, script), ...args], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });

describe('the reference pages', () => {
  it('say what the sources say', async () => {
    expect(await outputOf('scripts/reference.mjs', '--check')).toBe('');
  });
});

/** The relative links of a page, without the part after `#`. */
const linksIn = (text: string): string[] =>
  [...text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g)].map(([, link]) => link!);

describe('the pages', () => {
  it('link to files that exist', () => {
    const dead = filesIn(ROOT, (name) => name.endsWith('.md')).flatMap((page) =>
      linksIn(read(page))
        .filter((link) => !existsSync(join(dirname(page), decodeURI(link))))
        .map((link) => `${shown(page)}: ${link}`),
    );
    expect(dead).toEqual([]);
  });

  it('would be found to have a dead link', () => {
    const text =
      '[a](guides/a.md#top), [b](#here), [c](https://example.org/c), ![d](d.svg "title")';
    expect(linksIn(text)).toEqual(['guides/a.md', 'd.svg']);
  });
});

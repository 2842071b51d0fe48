import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesIn, read, ROOT, shown } from './support/sources.js';
import { focusIn, hasTests, pausesIn } from './support/spec-rules.js';

const TEXT = /\.(ts|mts|mjs|cjs|js|json|md|ya?ml|lua|sql|css|html|eta|sh|txt)$|^[^.]+$|^\.\w+$/;
/** A path that exists on one machine only, at the beginning of a word. */
const MACHINE_PATH = /(^|[\s"'`(=])\/(work|root|tmp|home\/\w+|Users\/\w+)\/\w/;

const texts = filesIn(ROOT, (name) => TEXT.test(name) && name !== 'package-lock.json');
const specs = filesIn(ROOT, (name) => /spec\.(ts|mjs)$/.test(name));

/** Applies `find` to each file and tells where it found something. */
const findIn = (paths: readonly string[], find: (path: string) => readonly string[]): string[] =>
  paths.flatMap((path) => find(path).map((finding) => `${shown(path)}: ${finding}`));

describe('the repository', () => {
  it('names no path of one machine', () => {
    const here = texts.filter((path) => path !== import.meta.filename);
    const pathsIn = (path: string): string[] =>
      read(path)
        .split('\n')
        .flatMap((line, at) => (MACHINE_PATH.test(line) ? [`line ${at + 1}: ${line.trim()}`] : []));
    expect(findIn(here, pathsIn)).toEqual([]);
  });

  it('would notice such a path', () => {
    expect("read('/home/somebody/data.csv')").toMatch(MACHINE_PATH);
    expect('see https://example.org/root/tmp/file').not.toMatch(MACHINE_PATH);
  });

  it('depends on no imitation of Redis', () => {
    const dependencies = filesIn(ROOT, (name) => name === 'package.json').flatMap((path) => {
      const manifest = JSON.parse(read(path)) as Record<string, Record<string, string> | undefined>;
      return Object.keys({ ...manifest['dependencies'], ...manifest['devDependencies'] });
    });
    expect(
      dependencies.filter((name) => /redis.*(mock|memory)|(mock|memory).*redis/.test(name)),
    ).toEqual([]);
  });

  it('locks packages of the public registry only', () => {
    const { packages } = JSON.parse(read(join(ROOT, 'package-lock.json'))) as {
      packages: Record<string, { resolved?: string; link?: boolean }>;
    };
    const elsewhere = Object.entries(packages).filter(
      ([, { resolved, link }]) =>
        resolved && !link && !resolved.startsWith('https://registry.npmjs.org/'),
    );
    expect(elsewhere).toEqual([]);
  });
});

describe('the specs', () => {
  it('each have a test', () => {
    expect(specs.filter((path) => !hasTests(path)).map(shown)).toEqual([]);
  });

  it('leave none of their tests out', () => {
    expect(findIn(specs, focusIn)).toEqual([]);
  });

  it('wait for what should happen, never for a time', () => {
    expect(findIn(specs, pausesIn)).toEqual([]);
  });
});

describe('the check of a spec', () => {
  const path = 'sample.spec.ts';

  it.each([
    "it('x', async () => { await new Promise((resolve) => setTimeout(resolve, 50)); });",
    'beforeEach(async () => { await new Promise<void>((done) => { setTimeout(done, 50); }); });',
    'const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));',
    'await new Promise((resolve) => setTimeout(resolve, 50));',
    "import { setTimeout as nap } from 'node:timers/promises'; it('x', async () => { await nap(50); });",
  ])('finds the pause in %s', (text) => {
    expect(pausesIn(path, text)).toHaveLength(1);
  });

  it.each([
    "it('x', async () => { await cache.getOrSet('k', () => new Promise((resolve) => setTimeout(resolve, 50))); });",
    "import { setTimeout as query } from 'node:timers/promises'; class Table { async rows() { await query(50); } }",
    "import { setImmediate as turn } from 'node:timers/promises'; it('x', async () => { await turn(); });",
    "it('x', async () => { await new Promise((resolve) => server.close(resolve)); });",
    "it('x', () => { setTimeout(() => server.stop(), 50); });",
  ])('lets work take its time in %s', (text) => {
    expect(pausesIn(path, text)).toEqual([]);
  });

  it.each([
    "it.only('x', () => {});",
    "describe.only.each([1])('x', () => {});",
    "fit('x', () => {});",
  ])('finds what is left out by %s', (text) => {
    expect(focusIn(path, text)).toHaveLength(1);
    expect(focusIn(path, "it('calls .only(', () => {});")).toEqual([]);
  });

  it.each([
    ["describe('x', () => {});", false],
    ["it.each([1])('x', () => {});", true],
    ['cacheContract(() => store);', true],
  ])('knows whether there is a test in %s', (text, expected) => {
    expect(hasTests(path, text)).toBe(expected);
  });
});

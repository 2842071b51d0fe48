import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { violationsIn, type Violation } from './support/cruise.js';
import { ROOT } from './support/sources.js';

const LIB = 'libs/redis-kit/src';

/** What each rule must catch: who imports, and what it imports. */
const OFFENCES: readonly { rule: string; from: string; imports: string }[] = [
  { rule: 'core-knows-no-feature', from: `${LIB}/core/clock.ts`, imports: '../lock/lock.js' },
  { rule: 'core-knows-no-feature', from: `${LIB}/core/boot.ts`, imports: '../index.js' },
  { rule: 'features-do-not-meet', from: `${LIB}/cache/leader.ts`, imports: '../lock/lock.js' },
  { rule: 'features-do-not-meet', from: `${LIB}/events/probe.ts`, imports: '../health/probe.js' },
  { rule: 'features-do-not-meet', from: `${LIB}/streams/setup.ts`, imports: '../index.js' },
  {
    rule: 'entries-do-not-meet',
    from: `${LIB}/socket-io/join.ts`,
    imports: '../session/session.js',
  },
  {
    rule: 'apps-use-the-front-door',
    from: 'apps/shop/src/deep.ts',
    imports: '../../../libs/redis-kit/src/lock/lock.js',
  },
  {
    rule: 'apps-use-the-front-door',
    from: 'apps/shop/src/back.ts',
    imports: '../../../libs/redis-kit/src/index.js',
  },
  {
    rule: 'nothing-imports-testing',
    from: 'apps/shop/src/rig.ts',
    imports: 'nestjs-redis-kit/testing',
  },
  { rule: 'nothing-imports-testing', from: `${LIB}/lock/fake.ts`, imports: '../testing/index.js' },
  { rule: 'http-only-at-the-edge', from: `${LIB}/rate-limit/limits.ts`, imports: 'express' },
  {
    rule: 'http-only-at-the-edge',
    from: `${LIB}/lock/platform.ts`,
    imports: '@nestjs/platform-fastify',
  },
  { rule: 'http-only-at-the-edge', from: `${LIB}/counters/requests.ts`, imports: 'node:http' },
  {
    rule: 'optional-peers-stay-optional',
    from: `${LIB}/index.ts`,
    imports: './monitoring/gauges.js',
  },
  { rule: 'no-cycles', from: `${LIB}/streams/one.ts`, imports: './two.js' },
  { rule: 'no-unresolvable', from: 'apps/shop/src/side.ts', imports: 'nestjs-redis-kit/lock' },
  { rule: 'no-unresolvable', from: `${LIB}/lock/lost.ts`, imports: './gone.js' },
  { rule: 'no-deprecated', from: `${LIB}/cache/hash.ts`, imports: 'abandoned' },
];

/** What the rules allow, beside what the offences import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  [`${LIB}/index.ts`]: ['./lock/lock.js', './monitoring/gauges.js', './core/keys.js'],
  [`${LIB}/lock/lock.ts`]: ['../core/keys.js'],
  [`${LIB}/lock/lock.guard.ts`]: ['express', 'node:http', '@nestjs/platform-fastify'],
  [`${LIB}/lock/lock.spec.ts`]: ['../testing/index.js', './lock.js', '../counters/requests.js'],
  [`${LIB}/health/index.ts`]: ['./probe.js'],
  [`${LIB}/health/probe.ts`]: ['../lock/lock.js', '@nestjs/terminus'],
  [`${LIB}/session/session.ts`]: ['express-session', '../core/keys.js'],
  [`${LIB}/testing/index.ts`]: ['../lock/lock.js', '../health/probe.js'],
  [`${LIB}/monitoring/gauges.ts`]: ['prom-client'],
  [`${LIB}/streams/two.ts`]: ['./one.js'],
  [`${LIB}/core/keys.ts`]: ['node:crypto'],
  'apps/shop/src/main.ts': [
    'nestjs-redis-kit',
    'nestjs-redis-kit/health',
    'express',
    './lonely.spec.js',
  ],
  'apps/shop/src/dev.ts': ['nestjs-redis-kit/testing'],
  'apps/shop/src/lonely.spec.ts': ['nestjs-redis-kit/testing'],
};

const PACKAGES = [
  'express',
  'express-session',
  'prom-client',
  'abandoned',
  '@nestjs/terminus',
  '@nestjs/platform-fastify',
];

describe('the dependency rules', () => {
  const tree = mkdtempSync(join(tmpdir(), 'dependency-rules-'));
  let found: readonly Violation[] = [];

  beforeAll(async () => {
    write(tree);
    found = await violationsIn(tree, ['libs', 'apps']);
  });
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  it.each(OFFENCES)('$rule: refuses $from importing $imports', ({ rule, from }) => {
    expect(found.filter((violation) => violation.rule === rule)).toContainEqual(
      expect.objectContaining({ from }),
    );
  });

  it('no-orphans: refuses a file that nobody needs', () => {
    expect(found).toContainEqual(
      expect.objectContaining({ rule: 'no-orphans', from: `${LIB}/cache/left-over.ts` }),
    );
  });

  it('object to nothing else', () => {
    const expected = new Set(
      [...OFFENCES, { rule: 'no-orphans', from: `${LIB}/cache/left-over.ts` }].map(
        ({ rule, from }) => `${rule}: ${from}`,
      ),
    );
    const all = new Set(found.map(({ rule, from }) => `${rule}: ${from}`));
    expect([...all].filter((violation) => !expected.has(violation))).toEqual([]);
  });

  it('hold for the repository', async () => {
    expect(await violationsIn(ROOT, ['libs', 'apps', 'test'])).toEqual([]);
  });
});

/** Writes a small workspace of the repository's shape with every offence in it. */
function write(tree: string): void {
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  const importing = (imports: readonly string[]): string =>
    `${imports.map((name) => `import '${name}';`).join('\n')}\nexport const here = true;\n`;

  put(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        paths: {
          'nestjs-redis-kit': ['./libs/redis-kit/src/index.ts'],
          'nestjs-redis-kit/*': ['./libs/redis-kit/src/*/index.ts'],
        },
      },
    }),
  );
  put(
    'package.json',
    JSON.stringify({
      type: 'module',
      dependencies: Object.fromEntries(PACKAGES.map((name) => [name, '1.0.0'])),
    }),
  );
  for (const name of PACKAGES) {
    const deprecated = name === 'abandoned' ? { deprecated: 'Use another one.' } : {};
    put(
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', main: 'index.js', ...deprecated }),
    );
    put(`node_modules/${name}/index.js`, 'module.exports = {};\n');
  }
  for (const [path, imports] of Object.entries(ALLOWED)) put(path, importing(imports));
  put(`${LIB}/cache/left-over.ts`, importing([]));
  // The offender of a rule about what index.ts reaches is index.ts itself.
  for (const { from, imports } of OFFENCES) if (!(from in ALLOWED)) put(from, importing([imports]));
}

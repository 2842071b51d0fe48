import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { run } from './support/commands.js';
import { PackedApplication, ROOT } from './support/packed-application.js';

/** What installing or compiling an application may take on a slow line and a busy machine. */
const INSTALLING_MS = 300_000;

/** A package that outgrows these carries something that does not belong into it. */
const LARGEST = { packed: 1_500_000, unpacked: 6_000_000 };

interface Manifest {
  readonly exports: Readonly<
    Record<string, string | { readonly types: string; readonly default: string }>
  >;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

interface Package {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const LIBRARY = join(ROOT, 'libs/redis-kit');
const manifest = JSON.parse(readFileSync(join(LIBRARY, 'package.json'), 'utf8')) as Manifest;
const isOptional = (peer: string): boolean =>
  manifest.peerDependenciesMeta?.[peer]?.optional === true;
const peers = Object.entries(manifest.peerDependencies);

describe('the packed library', () => {
  let folder: string;
  let packed: Package;
  let tarball: string;
  let redis: RedisServer;

  beforeAll(async () => {
    if (!existsSync(join(LIBRARY, 'dist/index.js')))
      throw new Error('There is no build: run npm run build');
    folder = await mkdtemp(join(tmpdir(), 'packed-library-'));
    const output = await run('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: LIBRARY,
    });
    packed = (JSON.parse(output) as [Package])[0];
    tarball = join(folder, packed.filename);
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const paths = (): string[] => packed.files.map(({ path }) => path);

  it('has the Lua scripts of the sources, each where it was', () => {
    const scripts = readdirSync(join(LIBRARY, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.lua'))
      .map((path) => `dist/${path}`);
    expect(
      paths()
        .filter((path) => path.endsWith('.lua'))
        .sort(),
    ).toEqual(scripts.sort());
  });

  it('has a file behind everything its manifest names', () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : [target.types, target.default],
    );
    expect(paths()).toEqual(
      expect.arrayContaining(targets.map((target) => target.replace('./', ''))),
    );
  });

  it('has nothing in it but the build', () => {
    const expected =
      /^(dist\/.+\.(js|d\.ts|js\.map|lua)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    expect(paths().filter((path) => !expected.test(path) || /spec|__tests__/.test(path))).toEqual(
      [],
    );
  });

  it('is no larger than it should be', () => {
    expect(packed.size).toBeLessThan(LARGEST.packed);
    expect(packed.unpackedSize).toBeLessThan(LARGEST.unpacked);
  });

  it('is found without fault by publint', async () => {
    const publint = join(ROOT, 'node_modules/publint/src/cli.js');
    const report = await run(process.execPath, [publint, 'run', tarball, '--strict'], {
      cwd: folder,
    });
    expect(report).toContain('All good!');
  });

  describe.each([
    { moduleSystem: 'ES modules', nest: 12, optional: true },
    { moduleSystem: 'CommonJS', nest: 11, optional: false },
  ] as const)(
    'in an application of Nest $nest in $moduleSystem',
    ({ moduleSystem, nest, optional }) => {
      let app: PackedApplication;

      beforeAll(async () => {
        const dependencies = { ...requiredPeers(nest), ...(optional ? optionalPeers() : {}) };
        app = await PackedApplication.create({ tarball, moduleSystem, dependencies });
      }, INSTALLING_MS);

      afterAll(() => app?.[Symbol.asyncDispose]());

      it(
        'is typed, boots, and remembers in Redis what a method returned',
        async () => {
          const core = JSON.parse(await app.read('node_modules/@nestjs/core/package.json')) as {
            version: string;
          };
          expect(core.version).toMatch(new RegExp(`^${nest}\\.`));
          await app.compile();

          const namespace = isolatedNamespace();
          const environment = { REDIS_URL: redis.url, REDIS_NAMESPACE: namespace };
          const output = await app.node(['dist/application.js'], environment);
          expect(JSON.parse(output)).toEqual({
            moduleSystem,
            sums: [5, 5],
            calls: 1,
            remembered: 5,
          });
          const life = await redis.client().pttl(`${namespace}:v1:cache:{default:sum:2:3}`);
          expect(life).toBeGreaterThan(0);
          expect(life).toBeLessThanOrEqual(60_000);
        },
        INSTALLING_MS,
      );

      it(`loads through ${optional ? 'every entry, given its optional peers' : 'the main entry without any optional peer'}`, async () => {
        const [load, type] =
          moduleSystem === 'CommonJS' ? ['require', 'commonjs'] : ['await import', 'module'];
        for (const entry of optional ? entries() : ['nestjs-redis-kit']) {
          const program = `const entry = ${load}('${entry}'); console.log(Object.keys(entry).length > 0);`;
          const output = await app.node([`--input-type=${type}`, '--eval', program]);
          expect({ entry, output }).toEqual({ entry, output: 'true\n' });
        }
      });
    },
  );
});

/** Everything users can import from. */
const entries = (): string[] =>
  Object.keys(manifest.exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => `nestjs-redis-kit${entry.slice(1)}`);

/** The peers everybody needs, with Nest of one major version, and what compiles an application. */
function requiredPeers(nest: number): Record<string, string> {
  const workspace = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const required = peers.filter(([peer]) => !isOptional(peer));
  return {
    ...Object.fromEntries(
      required.map(([peer, range]) => [peer, peer.startsWith('@nestjs/') ? `^${nest}.0.0` : range]),
    ),
    '@types/node': workspace.devDependencies['@types/node']!,
  };
}

function optionalPeers(): Record<string, string> {
  return Object.fromEntries(peers.filter(([peer]) => isOptional(peer)));
}

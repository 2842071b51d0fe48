import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './commands.js';

export const ROOT = join(import.meta.dirname, '../../..');

export interface PackedApplicationOptions {
  readonly tarball: string;
  readonly moduleSystem: 'ES modules' | 'CommonJS';
  /** Packages beside the library, by their range. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** An application in a folder of its own, with packages of its own: nothing of the workspace can be found from it. */
export class PackedApplication implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  /** Installs the tarball and the packages. */
  static async create(options: PackedApplicationOptions): Promise<PackedApplication> {
    const folder = await mkdtemp(join(tmpdir(), 'packed-'));
    const application = new PackedApplication(folder);
    try {
      await application.#install(options);
    } catch (error) {
      await application[Symbol.asyncDispose]();
      throw error;
    }
    return application;
  }

  async #install({ tarball, moduleSystem, dependencies }: PackedApplicationOptions): Promise<void> {
    const put = (name: string, content: object): Promise<void> =>
      writeFile(join(this.folder, name), JSON.stringify(content, undefined, 2));
    await put('package.json', {
      name: 'packed-application',
      version: '1.0.0',
      private: true,
      ...(moduleSystem === 'ES modules' ? { type: 'module' } : {}),
      dependencies: { 'nestjs-redis-kit': `file:${tarball}`, ...dependencies },
    });
    await put('tsconfig.json', {
      compilerOptions: {
        target: 'ES2022',
        module: 'nodenext',
        types: ['node'],
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        // The published typings are checked with the application.
        skipLibCheck: false,
        rootDir: '.',
        outDir: 'dist',
      },
      include: ['*.ts'],
    });
    await cp(join(ROOT, 'test/e2e/fixtures/packed'), this.folder, { recursive: true });
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['install', ...quiet], { cwd: this.folder });
  }

  /** Compiles the application with the compiler of the workspace. */
  async compile(): Promise<void> {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '--project', 'tsconfig.json'], { cwd: this.folder });
  }

  /** Runs a compiled file in plain Node.js and returns what it printed. */
  node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    // Flags for Jest are not a user's flags.
    const { NODE_OPTIONS: _, ...rest } = process.env;
    return run(process.execPath, args, { cwd: this.folder, env: { ...rest, ...env } });
  }

  async read(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GuardedDirectory } from '../../../libs/redis-kit/src/testing/rig/guarded-directory.js';
import {
  OwnedProcess,
  type ProcessExit,
} from '../../../libs/redis-kit/src/testing/rig/owned-process.js';
import { eventually } from '../../../libs/redis-kit/src/testing/rig/eventually.js';

const DIST = join(import.meta.dirname, '../../../apps/shop/dist');

/** PGlite needs a few seconds to make a new database, and more on a busy machine. */
const START_TIMEOUT_MS = 50_000;

export interface ShopProcessOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** @default 'main.js' */
  readonly entry?: 'main.js' | 'dev.js';
}

/** The built shop as a process of its own, on a free port; it does not outlive the test. */
export class ShopProcess {
  #output = '';
  #process!: OwnedProcess;

  private constructor() {}

  /** Spawns it and resolves as soon as it runs; {@link url} waits until it listens. */
  static async spawn(
    directory: GuardedDirectory,
    { environment = {}, entry = 'main.js' }: ShopProcessOptions = {},
  ): Promise<ShopProcess> {
    const file = join(DIST, entry);
    if (!existsSync(file)) {
      throw new Error(`There is no ${file}: build it first, with "npm run build"`);
    }
    const shop = new ShopProcess();
    const child = spawn(process.execPath, [file], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Nothing of the surroundings: a REDIS_URL of the developer must not be used, let alone filled.
      env: {
        PATH: process.env['PATH'],
        REDIS_KIT_SERVER_BINARY: process.env['REDIS_KIT_SERVER_BINARY'],
        NO_COLOR: '1',
        NODE_ENV: 'test',
        PORT: '0',
        ...environment,
      },
    });
    const listen = (chunk: Buffer): void => void (shop.#output += chunk.toString());
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    shop.#process = await OwnedProcess.adopt(child, directory);
    return shop;
  }

  /** Everything it printed so far. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Its address, once it listens. */
  async url(): Promise<string> {
    return (await this.#printed(/Open (http:\/\/localhost:\d+)/))[1]!;
  }

  /** What to give to another shop as DATABASE_URL, when this one serves its database. */
  async databaseUrl(): Promise<string> {
    return (await this.#printed(/served at (postgres:\/\/\S+)/))[1]!;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${await this.url()}${path}`, { headers, signal: AbortSignal.timeout(10_000) });
  }

  async json<T>(path: string): Promise<T> {
    const response = await this.get(path);
    if (!response.ok) {
      const answer = `${path} answered ${response.status}: ${await response.text()}`;
      throw new Error(`${answer}\nThe shop said:\n${this.#output.slice(-4_000)}`);
    }
    return (await response.json()) as T;
  }

  patch(path: string, body: unknown, token?: string): Promise<Response> {
    return this.#change('PATCH', path, body, token);
  }

  put(path: string, body: unknown, token?: string): Promise<Response> {
    return this.#change('PUT', path, body, token);
  }

  async #change(method: string, path: string, body: unknown, token?: string): Promise<Response> {
    return fetch(`${await this.url()}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
  }

  /** SIGTERM, as a supervisor would; fails when it does not end by itself. */
  async stop(): Promise<ProcessExit> {
    if (this.#process.running) await this.#process.terminate(15_000);
    const exit = await this.#process.ended();
    if (exit.signal === 'SIGKILL') throw new Error(`The shop did not end:\n${this.#output}`);
    return exit;
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  async ended(): Promise<ProcessExit> {
    return this.#process.ended();
  }

  async #printed(pattern: RegExp): Promise<RegExpExecArray> {
    return eventually(
      () => {
        const match = pattern.exec(this.#output);
        if (match) return match;
        if (!this.#process.running) return Promise.reject(new Error(this.#output));
        throw new Error(`The shop has not printed ${pattern}:\n${this.#output}`);
      },
      { within: START_TIMEOUT_MS },
    );
  }
}

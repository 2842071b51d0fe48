import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { releasePort, reservePort } from './free-port.js';
import { GuardedDirectory } from './guarded-directory.js';
import { OwnedProcess } from './owned-process.js';
import { findRedisBinary, type RedisBinary } from './redis-binary.js';
import { withConnection, type ServerAddress } from './rig-client.js';
import { RigError } from './rig.errors.js';
import { renderConfig, type ServerConfig } from './server-config.js';

export interface ServerProcessOptions {
  port?: number | undefined;
  binary?: string | undefined;
  mode: 'redis' | 'sentinel' | 'cluster';
  config: ServerConfig;
}

// A server listens a few ms after it was spawned; a machine busy with other test files needs far longer.
const START_WITHIN_MS = 15_000;
const PORT_ATTEMPTS = 5;
const STOP_GRACE_MS = 2_000;

/** One `redis-server` program on a port and in a directory of its own, both kept over restarts. */
export class ServerProcess implements ServerAddress {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly binary: RedisBinary;
  readonly #busPort: number | undefined;
  readonly #options: ServerProcessOptions;
  readonly #directory: GuardedDirectory;
  #process: OwnedProcess | undefined;

  /** @throws RigError `SERVER_NOT_STARTED` with the end of the server's log. */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const binary = await findRedisBinary(options.binary);
    for (let attempt = 1; ; attempt += 1) {
      const port = options.port ?? (await reservePort());
      const busPort = options.mode === 'cluster' ? await reservePort() : undefined;
      const server = new ServerProcess(options, binary, port, busPort);
      try {
        await writeFile(server.#configFile, renderConfig(server.#config()));
        await server.launch();
        return server;
      } catch (error) {
        const portTaken = /Address already in use/.test(await server.logTail());
        await server.stop();
        if (!portTaken || options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  private constructor(
    options: ServerProcessOptions,
    binary: RedisBinary,
    port: number,
    busPort: number | undefined,
  ) {
    this.#options = options;
    this.binary = binary;
    this.port = port;
    this.#busPort = busPort;
    this.#directory = new GuardedDirectory(options.mode);
  }

  get busPort(): number | undefined {
    return this.#busPort;
  }

  get directory(): string {
    return this.#directory.path;
  }

  get password(): string | undefined {
    const { requirepass } = this.#options.config;
    return typeof requirepass === 'string' && requirepass !== '' ? requirepass : undefined;
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  get paused(): boolean {
    return this.#process?.paused ?? false;
  }

  /** @throws RigError `NOT_RUNNING` */
  get pid(): number {
    return this.#current().pid;
  }

  /** Starts it and resolves when it answers `PING`. */
  async launch(): Promise<void> {
    const log = openSync(this.#logFile, 'a');
    let process: OwnedProcess;
    try {
      const args = [this.#configFile, ...(this.#options.mode === 'sentinel' ? ['--sentinel'] : [])];
      const child = spawn(this.binary.path, args, {
        cwd: this.directory,
        stdio: ['ignore', log, log],
        detached: true,
      });
      process = await OwnedProcess.adopt(child, this.#directory);
    } finally {
      closeSync(log);
    }
    this.#process = process;
    try {
      const exit = await eventually(
        async () => process.exit ?? (await this.#assertAnswering(process.pid)),
        { within: START_WITHIN_MS, every: 10 },
      );
      if (exit !== undefined)
        throw new Error(`it ended with ${exit.signal ?? `code ${exit.code}`}`);
    } catch (cause) {
      await process.kill();
      throw new RigError(
        'SERVER_NOT_STARTED',
        `${this.binary.path} did not start on port ${this.port}: ${(cause as Error).message}\n${await this.logTail()}`,
        { cause },
      );
    }
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** SIGTERM, SIGKILL after 2 s. */
  async terminate(): Promise<void> {
    await this.#process?.terminate(STOP_GRACE_MS);
  }

  pause(): void {
    this.#current().pause();
  }

  resume(): void {
    this.#current().resume();
  }

  /** Ends it for good and removes its directory. */
  async stop(): Promise<void> {
    await this.terminate();
    await this.#directory.remove();
    releasePort(this.port);
    if (this.#busPort !== undefined) releasePort(this.#busPort);
  }

  /** The last lines of what the server logged. */
  async logTail(lines = 20): Promise<string> {
    const log = await readFile(this.#logFile, 'utf8').catch(() => '');
    return log.trimEnd().split('\n').slice(-lines).join('\n');
  }

  async #assertAnswering(pid: number): Promise<undefined> {
    const info = await withConnection(this, this.password, async (connection) => {
      await connection.ping();
      return await connection.info('server');
    });
    // The port may have been taken by a server of another test process, which would answer just as well.
    if (!info.includes(`\r\nprocess_id:${pid}\r\n`)) {
      throw new Error('another server answers on this port');
    }
    return undefined;
  }

  #config(): ServerConfig {
    return {
      port: String(this.port),
      bind: this.host,
      daemonize: 'no',
      dir: this.directory,
      ...(this.#busPort === undefined ? {} : { 'cluster-port': String(this.#busPort) }),
      ...this.#options.config,
    };
  }

  #current(): OwnedProcess {
    if (this.#process?.running !== true) {
      throw new RigError('NOT_RUNNING', `The server of port ${this.port} is not running`);
    }
    return this.#process;
  }

  get #configFile(): string {
    return join(this.directory, 'server.conf');
  }

  get #logFile(): string {
    return join(this.directory, 'server.log');
  }
}

import type { Redis } from 'ioredis';
import { checkInteger } from './check-option.js';
import {
  callsBetween,
  callsOf,
  parseCommandStatistics,
  type CommandStatistics,
} from './command-stats.js';
import type { RedisBinary } from './redis-binary.js';
import {
  createRigClient,
  withConnection,
  type RigClientOptions,
  type ServerAddress,
} from './rig-client.js';
import { RigError } from './rig.errors.js';
import type { ServerConfig } from './server-config.js';
import { ServerProcess } from './server-process.js';

export interface RedisServerOptions {
  /** @default a free port, another one if it is taken in the meantime */
  port?: number;
  /** Directives of redis.conf, over the defaults `save ""`, `appendonly no`, `shutdown-timeout 0`. */
  config?: ServerConfig;
  /** Path or name of the server program. @default see `findRedisBinary` */
  binary?: string;
}

/** Which connections to close; all given conditions have to be met. */
export interface ClientFilter {
  type?: 'normal' | 'pubsub' | 'replica' | 'master';
  /** The name given by `CLIENT SETNAME`, `connectionName` in ioredis. */
  name?: string;
  id?: number;
}

/**
 * A real Redis or Valkey server on 127.0.0.1, as a child process with a temporary directory of its own.
 * Neither outlives this process, however it ends. Its own commands (`configSet`, …) use a connection only while
 * they run, so `CLIENT LIST` shows nothing but the connections of the test.
 */
export class RedisServer implements AsyncDisposable {
  readonly #process: ServerProcess;
  readonly #clients = new Set<Redis>();
  #client: Redis | undefined;

  /**
   * Resolves when the server answers `PING`.
   *
   * @throws RigError `BINARY_NOT_FOUND`, `SERVER_NOT_STARTED` (with the end of the server's log)
   */
  static async start({ port, config = {}, binary }: RedisServerOptions = {}): Promise<RedisServer> {
    if (port !== undefined) checkInteger('port', port, 1, 65_535);
    const process = await ServerProcess.start({
      port,
      binary,
      mode: config['cluster-enabled'] === 'yes' ? 'cluster' : 'redis',
      // shutdown-timeout: on SIGTERM a master would wait up to 10 s for replicas, which are stopped as well.
      config: { save: '', appendonly: 'no', 'shutdown-timeout': '0', ...config },
    });
    return new RedisServer(process);
  }

  private constructor(process: ServerProcess) {
    this.#process = process;
  }

  get host(): string {
    return this.#process.host;
  }

  get port(): number {
    return this.#process.port;
  }

  /** The cluster bus port, for a server started with `cluster-enabled yes`. */
  get busPort(): number | undefined {
    return this.#process.busPort;
  }

  /** `redis://127.0.0.1:port`, with the password if one was configured by `requirepass`. */
  get url(): string {
    const { host, port, password } = this;
    const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return `redis://${credentials}${host}:${port}`;
  }

  /** The value of `requirepass`, if it was configured. */
  get password(): string | undefined {
    return this.#process.password;
  }

  /** @throws RigError `NOT_RUNNING` */
  get pid(): number {
    return this.#process.pid;
  }

  get directory(): string {
    return this.#process.directory;
  }

  get binary(): RedisBinary {
    return this.#process.binary;
  }

  get running(): boolean {
    return this.#process.running;
  }

  get paused(): boolean {
    return this.#process.paused;
  }

  /** A plain client, the same one at each call; it reconnects after an outage and is closed by `stop`. */
  client(): Redis {
    if (this.#client === undefined || this.#client.status === 'end') {
      this.#client = this.connect();
    }
    return this.#client;
  }

  /** A further plain client, for subscriptions and blocking commands; closed by `stop`. */
  connect(options: RigClientOptions = {}): Redis {
    const client = createRigClient(this.#process, this.password, options);
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
    return client;
  }

  /** SIGKILL; resolves when the process is gone. What was not on disk is lost. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** SIGSTOP: connections stay open, and new ones are accepted by the kernel, but nothing is answered. */
  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  /** Starts it again with the same port and directory, after ending it gracefully if it runs. */
  async restart(): Promise<void> {
    await this.#process.terminate();
    await this.#process.launch();
  }

  /** Closes the clients, ends the server and removes its directory. May be called more than once. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.#clients.clear();
    await this.#process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Until the next `restart`. */
  async configSet(directive: string, value: string): Promise<void> {
    await this.call('CONFIG', 'SET', directive, value);
  }

  /** One command, on a connection of its own. */
  async call(command: string, ...args: (string | number)[]): Promise<unknown> {
    return await this.#run((connection) => connection.call(command, ...args));
  }

  /** The fields of a section of `INFO`, such as `replication`. */
  async info(section: string): Promise<Record<string, string>> {
    const text = await this.#run((connection) => connection.info(section));
    return Object.fromEntries(
      text
        .split('\r\n')
        .filter((line) => line.includes(':'))
        .map((line) => splitOnce(line, ':')),
    );
  }

  /** Makes it a replica of `master`, beyond a restart as well. Does not wait for the first synchronization. */
  async replicateFrom({ host, port }: ServerAddress): Promise<void> {
    await this.#run(async (connection) => {
      await connection.replicaof(host, port);
      await connection.config('REWRITE');
    });
  }

  /** Closes the connections that match, and returns how many those were. */
  async killClients({ type, name, id }: ClientFilter): Promise<number> {
    if (type === undefined && name === undefined && id === undefined) {
      throw new RigError('INVALID_OPTION', 'killClients: give at least one of type, name and id');
    }
    return await this.#run(async (connection) => {
      const args = type === undefined ? ['LIST'] : ['LIST', 'TYPE', type];
      const list = String(await connection.call('CLIENT', ...args));
      let killed = 0;
      for (const line of list.split('\n')) {
        const fields = new Map(line.split(' ').map((field) => splitOnce(field, '=')));
        const clientId = fields.get('id');
        if (clientId === undefined) continue;
        if (id !== undefined && clientId !== String(id)) continue;
        if (name !== undefined && fields.get('name') !== name) continue;
        killed += Number(await connection.call('CLIENT', 'KILL', 'ID', clientId, 'SKIPME', 'yes'));
      }
      return killed;
    });
  }

  /** Forgets all scripts, as a restart or a failover does. */
  async flushScripts(): Promise<void> {
    await this.call('SCRIPT', 'FLUSH', 'SYNC');
  }

  async commandStats(): Promise<CommandStatistics> {
    return parseCommandStatistics(await this.#run((connection) => connection.info('commandstats')));
  }

  /** How often `command` was called since the server started, its subcommands included. */
  async commandCount(command: string): Promise<number> {
    return callsOf(await this.commandStats(), command);
  }

  /** The commands the server executed while `task` ran, by name, except `INFO`; of all clients. */
  async commandsDuring(task: () => unknown): Promise<Record<string, number>> {
    const before = await this.commandStats();
    await task();
    return callsBetween(before, await this.commandStats());
  }

  async #run<T>(task: (connection: Redis) => Promise<T>): Promise<T> {
    return await withConnection(this.#process, this.password, task);
  }
}

function splitOnce(field: string, separator: string): [string, string] {
  const index = field.indexOf(separator);
  return [field.slice(0, index), field.slice(index + 1)];
}

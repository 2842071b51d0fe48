import { Redis } from 'ioredis';
import { checkInteger } from './check-option.js';
import { eventually } from './eventually.js';
import { RedisServer } from './redis-server.js';
import { answers, assertReplicates, replicationConfig } from './replication.js';
import { RECONNECTING, ignoreConnectionErrors, type ServerAddress } from './rig-client.js';
import { RigError } from './rig.errors.js';
import { SentinelProcess } from './sentinel-process.js';
import type { ServerConfig } from './server-config.js';
import { startTogether, stopTogether } from './start-together.js';

export interface SentinelDeploymentOptions {
  /** The name Sentinel knows the master by. @default 'main' */
  name?: string;
  /** Milliseconds without a valid reply until a Sentinel takes a server for down. @default 1000 */
  downAfter?: number;
  /** Milliseconds a failover may take; the next automatic one waits for twice as long. @default 3000 */
  failoverTimeout?: number;
  /** Directives of redis.conf for master and replica. */
  config?: ServerConfig;
  /** Path or name of the server program. @default see `findRedisBinary` */
  binary?: string;
}

const SENTINELS = 3;
const QUORUM = 2;
// A failover takes 1 to 3 s; a missed election on a busy machine adds twice the failover timeout.
const SETTLED_WITHIN_MS = 30_000;

/**
 * A master, a replica and three Sentinels: real processes, which do not outlive this one. The Sentinels' own timers
 * are shortened, so that they notice within a second what takes up to ten by default.
 */
export class SentinelDeployment implements AsyncDisposable {
  readonly name: string;
  readonly #servers: RedisServer[];
  readonly #sentinels: SentinelProcess[];
  #client: Redis | undefined;
  #stopped = false;

  /** Resolves when all Sentinels agree and the replica is in sync. */
  static async start({
    name = 'main',
    downAfter = 1_000,
    failoverTimeout = 3_000,
    config = {},
    binary,
  }: SentinelDeploymentOptions = {}): Promise<SentinelDeployment> {
    // Anything else would end up as further words of a directive.
    if (!/^[\w.-]+$/.test(name)) {
      throw new RigError(
        'INVALID_OPTION',
        `name: "${name}" has other characters than A-Z a-z 0-9 . _ -`,
      );
    }
    checkInteger('downAfter', downAfter, 1);
    checkInteger('failoverTimeout', failoverTimeout, 1);
    const servers = await startTogether([1, 2].map(() => startServer(config, binary)));
    let sentinels: SentinelProcess[] = [];
    try {
      const [master, replica] = servers as [RedisServer, RedisServer];
      // In sync first: a Sentinel asks a master for its replicas when it meets it, and later only now and then.
      await replica.replicateFrom(master);
      await eventually(() => assertReplicates(replica, master), { within: SETTLED_WITHIN_MS });
      const { password } = master;
      const watch = { name, master, password, quorum: QUORUM, downAfter, failoverTimeout, binary };
      sentinels = await startTogether(
        Array.from({ length: SENTINELS }, () => SentinelProcess.start(watch)),
      );
      const deployment = new SentinelDeployment(name, servers, sentinels);
      await deployment.settled();
      return deployment;
    } catch (error) {
      await stopTogether([...sentinels, ...servers]);
      throw error;
    }
  }

  private constructor(name: string, servers: RedisServer[], sentinels: SentinelProcess[]) {
    this.name = name;
    this.#servers = servers;
    this.#sentinels = sentinels;
  }

  /** Where the Sentinels listen. */
  get sentinels(): ServerAddress[] {
    return this.#sentinels.map(({ address }) => address);
  }

  /** The master and the replica, in no particular order. */
  get servers(): RedisServer[] {
    return [...this.#servers];
  }

  /** A plain client of the current master, the same one at each call; it follows failovers and is closed by `stop`. */
  client(): Redis {
    this.#client ??= this.#createClient();
    return this.#client;
  }

  /**
   * The master according to the Sentinels, also while it is down.
   *
   * @throws RigError `NOT_IN_TIME` when they do not come to agree.
   */
  async master(): Promise<RedisServer> {
    return await eventually(() => this.#agreedMaster(), { within: SETTLED_WITHIN_MS });
  }

  /** The servers that are not the master, running or not. */
  async replicas(): Promise<RedisServer[]> {
    const master = await this.master();
    return this.#servers.filter((server) => server !== master);
  }

  /** Has the replica promoted by the Sentinels; resolves with the new master when every member knows it. */
  async failover(): Promise<RedisServer> {
    const old = await this.master();
    await eventually(() => this.#reachableSentinel().failover(), {
      // NOGOODSLAVE until a Sentinel has heard of the replica lately, INPROG while another failover ends.
      within: SETTLED_WITHIN_MS,
      every: 100,
    });
    await eventually(async () => (await this.#agreedMaster()) !== old, {
      within: SETTLED_WITHIN_MS,
    });
    return await this.settled();
  }

  /** SIGKILL of the master; resolves when it is dead. `settled` waits for its successor. */
  async killMaster(): Promise<RedisServer> {
    const master = await this.master();
    await master.kill();
    return master;
  }

  /** SIGSTOP of the master: the Sentinels find out after `downAfter`. `settled` waits for its successor. */
  async pauseMaster(): Promise<RedisServer> {
    const master = await this.master();
    master.pause();
    return master;
  }

  /** SIGKILL of one Sentinel; two are enough for a failover. */
  async killSentinel(index: number): Promise<void> {
    const sentinel = this.#sentinels[index];
    if (sentinel === undefined) {
      throw new RigError(
        'NOT_A_MEMBER',
        `There are ${SENTINELS} Sentinels, none with index ${index}`,
      );
    }
    await sentinel.kill();
  }

  /** SIGSTOP of all servers and Sentinels. */
  pauseAll(): void {
    for (const member of [...this.#sentinels, ...this.#servers]) {
      if (member.running) member.pause();
    }
  }

  /** SIGKILL of all servers and Sentinels. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#sentinels, ...this.#servers].map((member) => member.kill()));
  }

  /** Resumes what is paused, restarts what is dead, and resolves when the deployment has settled. */
  async restoreAll(): Promise<void> {
    for (const member of [...this.#servers, ...this.#sentinels]) {
      if (member.paused) member.resume();
    }
    const dead = <T extends { running: boolean }>(members: T[]): T[] =>
      members.filter(({ running }) => !running);
    await Promise.all([
      ...dead(this.#servers).map((server) => server.restart()),
      ...dead(this.#sentinels).map((sentinel) => sentinel.launch()),
    ]);
    await this.settled();
  }

  /**
   * Resolves with the master when all Sentinels that run agree on one that runs, and the other server, if it runs,
   * replicates it.
   *
   * @throws RigError `NOT_IN_TIME` after 30 s
   */
  async settled(): Promise<RedisServer> {
    return await eventually(
      async () => {
        const master = await this.#agreedMaster();
        if (!answers(master)) throw new Error(`the master, ${master.url}, does not run`);
        const replicas = this.#servers.filter((server) => server !== master && answers(server));
        for (const replica of replicas) await assertReplicates(replica, master);
        await this.#assertSentinelsSee(replicas);
        return master;
      },
      { within: SETTLED_WITHIN_MS, every: 50 },
    );
  }

  /** Closes the client, ends all processes and removes their directories. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#client?.disconnect();
    await stopTogether([...this.#sentinels, ...this.#servers]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #createClient(): Redis {
    const password = this.#servers[0]?.password;
    const client = ignoreConnectionErrors(
      new Redis({
        ...RECONNECTING,
        sentinels: this.sentinels,
        name: this.name,
        ...(password === undefined ? {} : { password }),
        sentinelRetryStrategy: () => 50,
        sentinelCommandTimeout: 1_000,
        connectTimeout: 1_000,
        failoverDetector: true,
        // A master that was demoted before the detector heard of it keeps the connection open.
        reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
      }),
    );
    // The detector ends a client for good when it hears of a failover while the client looks for the master.
    client.on('end', () => {
      if (!this.#stopped) client.connect().catch(() => undefined);
    });
    return client;
  }

  async #agreedMaster(): Promise<RedisServer> {
    const views = await Promise.all(this.#sentinels.filter(answers).map((one) => one.view()));
    const ports = [...new Set(views.map(({ masterPort }) => masterPort))];
    const master = this.#servers.find(({ port }) => port === ports[0]);
    if (ports.length !== 1 || master === undefined) {
      throw new Error(`the Sentinels name ${ports.length} masters: ${ports.join(', ')}`);
    }
    return master;
  }

  async #assertSentinelsSee(replicas: RedisServer[]): Promise<void> {
    for (const { masterFlags, otherSentinels, replicaPorts } of await Promise.all(
      this.#sentinels.filter(answers).map((one) => one.view()),
    )) {
      if (masterFlags !== 'master') throw new Error(`a Sentinel calls the master ${masterFlags}`);
      if (otherSentinels !== SENTINELS - 1) {
        throw new Error(`a Sentinel knows ${otherSentinels} others`);
      }
      const unseen = replicas.find(({ port }) => !replicaPorts.includes(port));
      if (unseen !== undefined) throw new Error(`a Sentinel does not see ${unseen.url} in sync`);
    }
  }

  #reachableSentinel(): SentinelProcess {
    const sentinel = this.#sentinels.find(answers);
    if (sentinel === undefined) throw new RigError('NOT_RUNNING', 'No Sentinel is running');
    return sentinel;
  }
}

async function startServer(config: ServerConfig, binary: string | undefined): Promise<RedisServer> {
  return await RedisServer.start({
    config: { ...replicationConfig(config), ...config },
    ...(binary === undefined ? {} : { binary }),
  });
}

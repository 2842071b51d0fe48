import { withConnection, type ServerAddress } from './rig-client.js';
import { ServerProcess } from './server-process.js';

export interface SentinelProcessOptions {
  name: string;
  master: ServerAddress;
  password: string | undefined;
  quorum: number;
  downAfter: number;
  failoverTimeout: number;
  binary: string | undefined;
}

/** What one Sentinel thinks of the master and its replicas. */
export interface SentinelView {
  masterPort: number;
  /** `master` alone when all is well; `s_down`, `o_down`, `failover_in_progress`, … are added. */
  masterFlags: string;
  otherSentinels: number;
  /** Ports of the replicas that are up and in sync. */
  replicaPorts: number[];
}

// By default a Sentinel looks at roles and replicas every 10 s, tells the others every 2 s, and takes 4 times that
// to demote a master that came back. A test waits for each of these several times over.
const TIMERS = {
  'INFO-PERIOD': 500,
  'PING-PERIOD': 250,
  'ASK-PERIOD': 250,
  'PUBLISH-PERIOD': 250,
  'MIN-LINK-RECONNECT-PERIOD': 1_000,
};

// A Sentinel that slept for 2 s stops acting for 30 s (TILT mode). Tests stop Sentinels and crowd the machine.
const TILT = { 'TILT-TRIGGER': 60_000, 'TILT-PERIOD': 1_000 };

/** One Sentinel as a child process, watching one master. */
export class SentinelProcess {
  readonly #process: ServerProcess;
  readonly #name: string;

  static async start(options: SentinelProcessOptions): Promise<SentinelProcess> {
    const { name, master, password, quorum, downAfter, failoverTimeout, binary } = options;
    const process = await ServerProcess.start({
      binary,
      mode: 'sentinel',
      config: {
        sentinel: [
          `monitor ${name} ${master.host} ${master.port} ${quorum}`,
          `down-after-milliseconds ${name} ${downAfter}`,
          `failover-timeout ${name} ${failoverTimeout}`,
          `parallel-syncs ${name} 1`,
          ...(password === undefined ? [] : [`auth-pass ${name} ${password}`]),
        ],
      },
    });
    const sentinel = new SentinelProcess(process, name);
    await sentinel.#hurry();
    return sentinel;
  }

  private constructor(process: ServerProcess, name: string) {
    this.#process = process;
    this.#name = name;
  }

  get address(): ServerAddress {
    return { host: this.#process.host, port: this.#process.port };
  }

  get running(): boolean {
    return this.#process.running;
  }

  get paused(): boolean {
    return this.#process.paused;
  }

  async view(): Promise<SentinelView> {
    return await withConnection(this.#process, undefined, async (sentinel) => {
      const master = toRecord(await sentinel.call('SENTINEL', 'MASTER', this.#name));
      const replicas = (await sentinel.call('SENTINEL', 'REPLICAS', this.#name)) as unknown[];
      // An error reply when too few Sentinels can be reached to vote for a failover.
      await sentinel.call('SENTINEL', 'CKQUORUM', this.#name);
      return {
        masterPort: Number(master['port']),
        masterFlags: String(master['flags']),
        otherSentinels: Number(master['num-other-sentinels']),
        replicaPorts: replicas
          .map(toRecord)
          .filter(
            (replica) => replica['flags'] === 'slave' && replica['master-link-status'] === 'ok',
          )
          .map((replica) => Number(replica['port'])),
      };
    });
  }

  async failover(): Promise<void> {
    await withConnection(this.#process, undefined, (sentinel) =>
      sentinel.call('SENTINEL', 'FAILOVER', this.#name),
    );
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  /** After `kill`: it knows what it knew before, from its configuration file. */
  async launch(): Promise<void> {
    await this.#process.launch();
    await this.#hurry();
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async #hurry(): Promise<void> {
    await withConnection(this.#process, undefined, (sentinel) =>
      sentinel.call('SENTINEL', 'DEBUG', ...Object.entries({ ...TIMERS, ...TILT }).flat()),
    );
  }
}

function toRecord(reply: unknown): Record<string, string> {
  const flat = reply as string[];
  const record: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) {
    record[flat[index] as string] = flat[index + 1] as string;
  }
  return record;
}

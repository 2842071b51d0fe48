import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { ByName, Script } from '../../core/scripts/define-script.js';
import { runScript } from '../../core/scripts/script-runner.js';
import type { LockProcess } from '../lock-process.js';

/** A process that was silent for this many heartbeats is dead. */
const HEARTBEATS_TO_LIVE = 3;
const CONNECT_MS = 1_000;

/**
 * Runs scripts on the connection that fails fast: a command is answered, or refused, or given up with its link after a
 * second of silence. So each one settles, and the caller decides whether to ask again.
 */
export class RedisScripts {
  /** What every script needs that may grant something to a waiter. */
  readonly handOver: {
    readonly claimMs: number;
    readonly channels: string;
    readonly counts: 0 | 1;
  };

  constructor(
    private readonly connection: RedisConnection,
    private readonly process: LockProcess,
    channels: string,
  ) {
    // On a Cluster PUBLISH counts only those who listen at the same node.
    const counts = connection.topology === 'cluster' ? 0 : 1;
    this.handOver = { claimMs: process.options.claimMs, channels, counts };
  }

  /** For how long this process counts as alive; negative while it cannot be woken. */
  get aliveMs(): number {
    const aliveMs = this.process.options.heartbeatMs * HEARTBEATS_TO_LIVE;
    return this.process.channel.isOpen ? aliveMs : -aliveMs;
  }

  run<Key extends string, Arg extends string, Reply>(
    script: Script<Key, Arg, Reply>,
    keys: ByName<Key, string>,
    args: ByName<Arg, string | number | Buffer>,
  ): Promise<Reply> {
    const client = this.connection.cache;
    return client.status === 'wait'
      ? this.#connected().then(() => runScript(client, script, keys, args))
      : runScript(client, script, keys, args);
  }

  /**
   * Writes, and waits for replicas, on a link of its own: WAIT counts for the writes of its own link only, and holds up
   * everything behind it. Answers how many confirmed the write; undefined when `write` says that there was none.
   */
  async replicate(
    key: string,
    replicas: number,
    timeoutMs: number,
    write: (client: Redis) => Promise<boolean>,
  ): Promise<number | undefined> {
    const link = this.connection.openBlocking(key);
    try {
      return await link.run(timeoutMs, async (client) =>
        (await write(client)) ? client.wait(replicas, timeoutMs) : undefined,
      );
    } finally {
      link.close();
    }
  }

  #connected(): Promise<unknown> {
    return this.connection.required('connecting', CONNECT_MS, (client: Redis) => client.ping());
  }
}

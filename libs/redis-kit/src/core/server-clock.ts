import type { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from './connections/redis-connection.js';
import { UNAVAILABLE, type Budget } from './failsafe/failsafe.js';

/** Quartz clocks drift by less than 0.1 ‰, so an estimate of this age is wrong by a few milliseconds. */
const ESTIMATE_LIVES_MS = 60_000;

/**
 * The clock of the Redis server, as this process sees it: asked for by `TIME` once a minute, and carried on by the
 * monotonic clock in between. What the wall clock of this machine says never enters it.
 *
 * It is wrong by up to half a round trip, so it may decide how soon something is refreshed, and never what is correct.
 */
export class ServerClock {
  #offsetMs: number | undefined;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  /** @param ask the server's time in milliseconds. */
  constructor(private readonly ask: (budget: Budget) => Promise<number | typeof UNAVAILABLE>) {}

  /** Milliseconds since 1970 on the server; `UNAVAILABLE` when it never answered. */
  async now(budget: Budget): Promise<number | typeof UNAVAILABLE> {
    if (performance.now() - this.#askedAt > ESTIMATE_LIVES_MS) {
      this.#asking ??= this.#estimate(budget).finally(() => (this.#asking = undefined));
      await this.#asking;
    }
    return this.#offsetMs === undefined
      ? UNAVAILABLE
      : Math.round(performance.now() + this.#offsetMs);
  }

  async #estimate(budget: Budget): Promise<void> {
    const sentAt = performance.now();
    const serverMs = await this.ask(budget);
    if (serverMs === UNAVAILABLE) return;
    const receivedAt = performance.now();
    this.#offsetMs = serverMs - (sentAt + receivedAt) / 2;
    this.#askedAt = receivedAt;
  }
}

const clocks = new WeakMap<RedisConnection, ServerClock>();

/** The clock of a connection, shared by everything that uses it. On a Cluster it is that of one and the same master. */
export function serverClockOf(connection: RedisConnection): ServerClock {
  let clock = clocks.get(connection);
  if (!clock) {
    clock = new ServerClock((budget) =>
      connection.guarded('clock.time', '', budget, async (client) => {
        const [seconds, microseconds] = await firstMaster(client).time();
        return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
      }),
    );
    clocks.set(connection, clock);
  }
  return clock;
}

/** Masters of a Cluster may differ by what their clocks are wrong, so every process asks the same one. */
function firstMaster(client: Redis | Cluster): Redis {
  if (!('nodes' in client)) return client;
  const addressed = client
    .nodes('master')
    .map((node) => ({ node, address: `${node.options.host}:${node.options.port}` }));
  addressed.sort((one, other) => (one.address < other.address ? -1 : 1));
  if (!addressed[0]) throw new Error('No master of the Cluster is known yet');
  return addressed[0].node;
}

import type { Redis } from 'ioredis';
import type { BlockingConnection } from '../../core/connections/blocking-connection.js';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import { deferred, type Deferred } from '../../core/deferred.js';

/** What the writes of a burst may take before the wait begins. */
const WRITING_MS = 4_000;

interface Write {
  readonly replicas: number;
  readonly timeoutMs: number;
  readonly send: (client: Redis) => Promise<unknown>;
  readonly done: Deferred<{ value: unknown; replicas: number }>;
}

/**
 * Writes that wait for replicas, on links of their own: WAIT counts for the writes of its own link only, and
 * holds up everything behind it. What comes while one WAIT is under way shares the next.
 */
export class ReplicatedLink {
  readonly #lanes = new Map<string, Lane>();

  constructor(private readonly connection: RedisConnection) {}

  async write<T>(
    key: string,
    replicas: number,
    timeoutMs: number,
    send: (client: Redis) => Promise<T>,
  ): Promise<{ value: T; replicas: number }> {
    // A link leads to one master of a Cluster, and slots move one by one.
    const at = this.connection.topology === 'cluster' ? key.slice(0, key.indexOf('}')) : '';
    let lane = this.#lanes.get(at);
    if (!lane) this.#lanes.set(at, (lane = new Lane(this.connection.openBlocking(key))));
    const done = deferred<{ value: unknown; replicas: number }>();
    lane.add({ replicas, timeoutMs, send, done });
    return done.promise as Promise<{ value: T; replicas: number }>;
  }

  close(): void {
    for (const lane of this.#lanes.values()) lane.close();
  }
}

class Lane {
  #waiting: Write[] = [];
  #isRunning = false;

  constructor(private readonly link: BlockingConnection) {}

  add(write: Write): void {
    this.#waiting.push(write);
    if (!this.#isRunning) void this.#run();
  }

  close(): void {
    this.link.close();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const burst = this.#waiting;
      this.#waiting = [];
      await this.#send(burst);
    }
    this.#isRunning = false;
  }

  /** All are sent, then one WAIT for the most that any of them asks for. */
  async #send(burst: readonly Write[]): Promise<void> {
    const replicas = Math.max(...burst.map((write) => write.replicas));
    const timeoutMs = Math.max(...burst.map((write) => write.timeoutMs));
    try {
      await this.link.run(timeoutMs + WRITING_MS, async (client) => {
        const sent = burst.map((write) => settled(write.send(client)));
        const outcomes = await Promise.all(sent);
        // Such as MOVED, or READONLY: the link leads to the wrong place.
        const [first] = outcomes;
        if (outcomes.every((outcome) => 'error' in outcome))
          throw (first as { error: Error }).error;
        const confirmed = await client.wait(replicas, timeoutMs);
        outcomes.forEach((outcome, at) => {
          const { done } = burst[at]!;
          if ('error' in outcome) done.reject(outcome.error);
          else done.resolve({ value: outcome.value, replicas: confirmed });
        });
      });
    } catch (error) {
      this.link.interrupt();
      for (const { done } of burst) done.reject(error);
    }
  }
}

type Settled = { readonly value: unknown } | { readonly error: unknown };

const settled = (work: Promise<unknown>): Promise<Settled> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

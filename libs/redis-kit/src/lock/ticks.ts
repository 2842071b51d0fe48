import type { Redis } from 'ioredis';
import type { RedisConnection } from '../core/connections/redis-connection.js';
import type { KeySpace } from '../core/key-space.js';
import { jobDoneKey, jobTickKey } from './lock.keys.js';

/** Longest wait for Redis at a tick; the job does not run without its answer. */
const DEADLINE_MS = 2_000;

/** What is known of the ticks of jobs, in all processes. */
export abstract class Ticks {
  /**
   * The tick that now is: `id` if no process has met one within the window, else that of the first who did. May be asked
   * again with the same id.
   */
  abstract meet(job: string, id: string, windowMs: number): Promise<string>;
  abstract isDone(job: string, tick: string): Promise<boolean>;
  /** Remembers it for as long as somebody may still ask. */
  abstract markDone(job: string, tick: string, keepMs: number): Promise<void>;
}

/** In Redis, by the clock of Redis: when a process believes a tick to be has no say in it. */
export class RedisTicks extends Ticks {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keySpace: KeySpace,
  ) {
    super();
  }

  meet(job: string, id: string, windowMs: number): Promise<string> {
    const key = jobTickKey(this.keySpace, job);
    return this.#ask(
      async (redis) => (await redis.set(key, id, 'PX', windowMs, 'NX', 'GET')) ?? id,
    );
  }

  isDone(job: string, tick: string): Promise<boolean> {
    const key = jobDoneKey(this.keySpace, job, tick);
    return this.#ask(async (redis) => (await redis.exists(key)) === 1);
  }

  async markDone(job: string, tick: string, keepMs: number): Promise<void> {
    await this.#ask((redis) => redis.set(jobDoneKey(this.keySpace, job, tick), '', 'PX', keepMs));
  }

  #ask<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    return this.connection.required('job', DEADLINE_MS, command);
  }
}

/** In the memory of this process. */
export class MemoryTicks extends Ticks {
  readonly #until = new Map<string, { readonly id: string; readonly endsAt: number }>();

  async meet(job: string, id: string, windowMs: number): Promise<string> {
    const known = this.#until.get(job);
    if (known && performance.now() < known.endsAt) return known.id;
    this.#until.set(job, { id, endsAt: performance.now() + windowMs });
    return id;
  }

  async isDone(job: string, tick: string): Promise<boolean> {
    const done = this.#until.get(`${job}~${tick}`);
    return done !== undefined && performance.now() < done.endsAt;
  }

  async markDone(job: string, tick: string, keepMs: number): Promise<void> {
    const now = performance.now();
    for (const [name, { endsAt }] of this.#until) if (endsAt < now) this.#until.delete(name);
    this.#until.set(`${job}~${tick}`, { id: tick, endsAt: now + keepMs });
  }
}

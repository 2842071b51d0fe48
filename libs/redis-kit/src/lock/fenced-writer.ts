import type { Redis } from 'ioredis';
import type { RedisConnection } from '../core/connections/redis-connection.js';
import type { Duration } from '../core/duration.js';
import type { KeySpace } from '../core/key-space.js';
import { runScript } from '../core/scripts/script-runner.js';
import { fencedKey } from './lock.keys.js';
import { within } from './lock.options.js';
import { fencedSet } from './lock.scripts.js';

/** Longest wait for Redis. */
const DEADLINE_MS = 2_000;

export interface FencedWriteOptions {
  /** The fence of the lock that guards the value: `lock.fence`. */
  readonly fence: number;
  /** How long the value, and the memory of its fence, lasts: longer than any write can be late. */
  readonly ttl: Duration;
}

export interface FencedValue {
  readonly value: string;
  readonly fence: number;
}

/** Values that refuse a late writer: one whose lock was lost, and whose successor has written already. */
export abstract class FencedWriter {
  /** Answers `false`, and writes nothing, when somebody with a greater fence has written. */
  async set(name: string, value: string, { fence, ttl }: FencedWriteOptions): Promise<boolean> {
    assertFence(fence);
    return this.write(name, value, fence, within('ttl', ttl, 1, '365d'));
  }

  abstract get(name: string): Promise<FencedValue | null>;

  protected abstract write(
    name: string,
    value: string,
    fence: number,
    ttlMs: number,
  ): Promise<boolean>;
}

export class RedisFencedWriter extends FencedWriter {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keySpace: KeySpace,
  ) {
    super();
  }

  async get(name: string): Promise<FencedValue | null> {
    const key = fencedKey(this.keySpace, name);
    const [value, fence] = await this.#ask((redis) => redis.hmget(key, 'value', 'fence'));
    return typeof value === 'string' && fence ? { value, fence: Number(fence) } : null;
  }

  protected write(name: string, value: string, fence: number, ttlMs: number): Promise<boolean> {
    const record = fencedKey(this.keySpace, name);
    return this.#ask((redis) => runScript(redis, fencedSet, { record }, { fence, value, ttlMs }));
  }

  #ask<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    return this.connection.required('fenced write', DEADLINE_MS, command);
  }
}

/** In the memory of this process, for tests. */
export class MemoryFencedWriter extends FencedWriter {
  readonly #records = new Map<string, FencedValue & { readonly endsAt: number }>();

  async get(name: string): Promise<FencedValue | null> {
    const record = this.#records.get(name);
    if (!record || record.endsAt <= performance.now()) return null;
    return { value: record.value, fence: record.fence };
  }

  protected async write(
    name: string,
    value: string,
    fence: number,
    ttlMs: number,
  ): Promise<boolean> {
    const known = await this.get(name);
    if (known && known.fence > fence) return false;
    this.#records.set(name, { value, fence, endsAt: performance.now() + ttlMs });
    return true;
  }
}

/** @throws RangeError */
export function assertFence(fence: unknown): asserts fence is number {
  if (Number.isSafeInteger(fence) && (fence as number) >= 0) return;
  throw new RangeError(`${String(fence)} is no fence; use lock.fence`);
}

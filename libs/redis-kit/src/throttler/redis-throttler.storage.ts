import { ServiceUnavailableException } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { RedisConnections } from '../core/connections/redis-connections.js';
import { toMs } from '../core/duration.js';
import type { RedisKitEvents } from '../core/events.js';
import { Budget, UNAVAILABLE } from '../core/failsafe/failsafe.js';
import type { KeySpace } from '../core/key-space.js';
import { safeMessage } from '../core/redact.js';
import { runScript } from '../core/scripts/script-runner.js';
import type { HitCount, HitPolicy } from './hits.js';
import { MemoryHits } from './memory-hits.js';
import './throttler.events.js';
import { throttlerHitsKey, throttlerStateKey } from './throttler.keys.js';
import type { RedisThrottlerOptions } from './throttler.options.js';
import { countHit } from './throttler.scripts.js';

type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** More runs of hits than this are not kept of a client; above it, hits that expire at about the same time share one. */
const MOST_RUNS = 1_000;

const LARGEST = Number.MAX_SAFE_INTEGER / 4;

/**
 * Counts for `@nestjs/throttler` in Redis, so that all processes of an application share them.
 *
 * Each hit counts for `ttl`, whenever it came (no window that starts anew). Above the limit, with a `blockDuration` the
 * client is refused for that long and then starts anew; with 0 it is refused until its oldest hit expires. Refused hits
 * do not count. One script, one round trip. A limit above 1,000 is counted in steps of a thousandth of `ttl`: hits then
 * count up to that much longer, never shorter.
 */
export class RedisThrottlerStorage implements ThrottlerStorage {
  readonly #memory = new MemoryHits();
  readonly #deadlineMs: number;

  constructor(
    /** `undefined`: there is no Redis, only this process. */
    private readonly connections: RedisConnections | undefined,
    private readonly keySpace: KeySpace,
    private readonly events: RedisKitEvents,
    private readonly options: RedisThrottlerOptions,
  ) {
    this.#deadlineMs = toMs(options.deadline ?? '100ms');
    // A connection that does not exist is found out at boot.
    connections?.get(options.connection);
  }

  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerStorageRecord> {
    const policy = {
      ttlMs: whole(ttl),
      limit: whole(Math.floor(limit)),
      blockMs: whole(blockDuration),
    };
    const { totalHits, expiresInMs, isBlocked, unblockedInMs } = await this.#count(
      key,
      throttlerName,
      policy,
    );
    return {
      totalHits,
      timeToExpire: seconds(expiresInMs),
      isBlocked,
      timeToBlockExpire: seconds(unblockedInMs),
    };
  }

  async #count(key: string, throttler: string, policy: HitPolicy): Promise<HitCount> {
    const keys = {
      hits: throttlerHitsKey(this.keySpace, throttler, key),
      state: throttlerStateKey(this.keySpace, throttler, key),
    };
    if (!this.connections) return this.#memory.count(keys.hits, policy);
    const stepMs = policy.limit > MOST_RUNS ? Math.ceil(policy.ttlMs / MOST_RUNS) || 1 : 1;
    const counted = await this.connections.get(this.options.connection).guarded(
      'throttler.count-hit',
      keys.hits,
      new Budget(this.#deadlineMs),
      (client) => runScript(client, countHit, keys, { ...policy, stepMs }),
      (error) => this.events.emit('throttler.degraded', { throttler, message: safeMessage(error) }),
    );
    return counted === UNAVAILABLE ? this.#without(keys.hits, policy) : counted;
  }

  #without(key: string, policy: HitPolicy): HitCount {
    switch (this.options.onFailure ?? 'local') {
      case 'local':
        return this.#memory.count(key, policy);
      case 'open':
        return { totalHits: 0, expiresInMs: 0, isBlocked: false, unblockedInMs: 0 };
      case 'closed':
        throw new ServiceUnavailableException('Requests cannot be counted at the moment');
    }
  }

  onApplicationShutdown(): void {
    this.#memory.clear();
  }
}

const whole = (value: number): number => Math.min(LARGEST, Math.max(0, Math.ceil(value)));
const seconds = (ms: number): number => Math.ceil(ms / 1_000);

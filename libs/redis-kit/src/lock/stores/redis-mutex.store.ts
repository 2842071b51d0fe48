import calculateSlot from 'cluster-key-slot';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { KeySpace } from '../../core/key-space.js';
import { runScript } from '../../core/scripts/script-runner.js';
import {
  lockCancelledKey,
  lockChannelsPrefix,
  lockKey,
  lockProcessesKey,
  lockQueueKey,
} from '../lock.keys.js';
import type { LockProcess } from '../lock-process.js';
import {
  acquireLock,
  handBackLock,
  releaseLock,
  renewLocks,
  takeLock,
  touchLock,
} from '../lock.scripts.js';
import {
  HoldStore,
  type AcquireAnswer,
  type AcquireRequest,
  type Renewal,
  type RenewalTerm,
  type TouchAnswer,
} from './hold-store.js';
import { RedisScripts } from './redis-scripts.js';

/** Locks in Redis: a string each, and three keys beside it while somebody waits. */
export class RedisMutexStore extends HoldStore {
  readonly kind = 'mutex';
  readonly #redis: RedisScripts;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keySpace: KeySpace,
    private readonly process: LockProcess,
  ) {
    super();
    this.#redis = new RedisScripts(connection, process, lockChannelsPrefix(keySpace));
  }

  take(name: string, id: string, leaseMs: number): Promise<number | undefined> {
    const delayMs = id.slice(id.lastIndexOf('~') + 1);
    return this.#redis.run(takeLock, { lock: this.#key(name) }, { id, leaseMs, delayMs });
  }

  acquire(name: string, { id, leaseMs, waits, ticket }: AcquireRequest): Promise<AcquireAnswer> {
    return this.#redis.run(acquireLock, this.#keys(name), {
      id,
      leaseMs,
      waits: waits ? 1 : 0,
      ticket: ticket ?? '',
      aliveMs: this.#redis.aliveMs,
      ...this.#redis.handOver,
    });
  }

  handBack(name: string, id: string, fence: number): Promise<boolean> {
    return this.#redis.run(handBackLock, { lock: this.#key(name) }, { id, fence });
  }

  release(name: string, id: string, tombstone: boolean): Promise<boolean> {
    return this.#redis.run(releaseLock, this.#keys(name), {
      id,
      tombstone: tombstone ? 1 : 0,
      ...this.#redis.handOver,
    });
  }

  touch(name: string, ids: readonly string[]): Promise<TouchAnswer> {
    return this.#redis.run(touchLock, this.#keys(name), {
      process: this.process.id,
      aliveMs: this.#redis.aliveMs,
      ...this.#redis.handOver,
      ids,
    });
  }

  renew(terms: readonly RenewalTerm[]): Promise<readonly Renewal[]> {
    return this.#redis.run(
      renewLocks,
      { locks: terms.map(({ name }) => this.#key(name)) },
      { terms: terms.flatMap(({ id, leaseMs }) => [id, leaseMs]) },
    );
  }

  replicate(
    { name, id, leaseMs }: RenewalTerm,
    replicas: number,
    timeoutMs: number,
  ): Promise<number | undefined> {
    const lock = this.#key(name);
    const keys = { locks: [lock] };
    const args = { terms: [id, leaseMs] };
    return this.#redis.replicate(lock, replicas, timeoutMs, async (client) => {
      const [renewal] = await runScript(client, renewLocks, keys, args);
      return renewal === 'renewed';
    });
  }

  /** On a Cluster one command reaches the keys of one slot only. */
  groupOf(name: string): number {
    return this.connection.topology === 'cluster' ? calculateSlot(this.#key(name)) : 0;
  }

  #key(name: string): string {
    return lockKey(this.keySpace, name);
  }

  #keys(name: string) {
    return {
      lock: this.#key(name),
      queue: lockQueueKey(this.keySpace, name),
      processes: lockProcessesKey(this.keySpace, name),
      cancelled: lockCancelledKey(this.keySpace, name),
    };
  }
}

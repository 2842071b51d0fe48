import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { KeySpace } from '../../core/key-space.js';
import { lockChannelsPrefix } from '../lock.keys.js';
import type { LockProcess } from '../lock-process.js';
import { latchChannel, latchKey } from '../permit.keys.js';
import { countDownLatch } from '../permit.scripts.js';
import { LatchStore, type LatchTerms } from './latch-store.js';
import { RedisScripts } from './redis-scripts.js';

/** Latches in Redis: a set of who has counted down, and a channel on the connection's one subscriber link. */
export class RedisLatchStore extends LatchStore {
  readonly #redis: RedisScripts;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keySpace: KeySpace,
    process: LockProcess,
  ) {
    super();
    this.#redis = new RedisScripts(connection, process, lockChannelsPrefix(keySpace));
  }

  countDown(name: string, { count, ttlMs }: LatchTerms, id: string): Promise<number> {
    const channel = latchChannel(this.keySpace, name);
    const keys = { latch: latchKey(this.keySpace, name) };
    return this.#redis.run(countDownLatch, keys, { id, count, ttlMs, channel });
  }

  missing(name: string, terms: LatchTerms): Promise<number> {
    return this.countDown(name, terms, '');
  }

  listen(name: string, onOpen: () => void): { close(): void } {
    const { subscriber } = this.connection;
    const subscription = subscriber.subscribe(latchChannel(this.keySpace, name), onOpen);
    // It may have opened before Redis took the subscription.
    subscription.ready.then(onOpen, () => undefined);
    return subscription;
  }
}

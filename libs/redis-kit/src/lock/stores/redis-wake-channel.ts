import { setTimeout as pause } from 'node:timers/promises';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { KeySpace } from '../../core/key-space.js';
import { lockChannelsPrefix } from '../lock.keys.js';
import type { LockProcess, WakeChannel } from '../lock-process.js';

/** Longest wait for the first subscription. Without it waiters find out by asking, at each heartbeat. */
const PATIENCE_MS = 1_000;

/** The one channel of a process, on the connection's one subscriber link. It is opened by the first who waits. */
export class RedisWakeChannel implements WakeChannel {
  #ready: Promise<void> | undefined;
  #isSubscribed = false;
  #close: (() => void)[] = [];

  constructor(
    private readonly connection: RedisConnection,
    private readonly keySpace: KeySpace,
    private readonly process: LockProcess,
  ) {}

  get isOpen(): boolean {
    return this.#isSubscribed && this.connection.subscriber.isConnected;
  }

  ready(): Promise<void> {
    this.#ready ??= this.#open();
    return this.#ready;
  }

  close(): void {
    for (const close of this.#close) close();
    this.#close = [];
  }

  async #open(): Promise<void> {
    const { subscriber } = this.connection;
    const channel = lockChannelsPrefix(this.keySpace) + this.process.id;
    const subscription = subscriber.subscribe(channel, (message) => {
      const [id = '', fence, claimMs] = message.toString().split('|');
      this.process.granted({ id, fence: Number(fence), claimMs: Number(claimMs) });
    });
    const missed = subscriber.onReplaced(() => this.process.missed());
    this.#close = [() => subscription.close(), missed];
    const subscribed = subscription.ready.then(
      () => {
        this.#isSubscribed = true;
      },
      () => undefined,
    );
    await Promise.race([subscribed, pause(PATIENCE_MS, undefined, { ref: false })]);
  }
}

import type { RedisConnection } from '../core/connections/redis-connection.js';
import type { ShardSubscription } from '../core/connections/shard-subscriber.js';
import type { KeySpace } from '../core/key-space.js';
import { runScript } from '../core/scripts/script-runner.js';
import { EventTransport, type EventSink, type Listening } from './event-transport.js';
import { eventLogKey, keptChannel, passingChannel } from './events.keys.js';
import type { ResolvedEventsOptions } from './events.options.js';
import { keepEvent, readMissed } from './events.scripts.js';
import { decodeKept } from './frame.js';
import { LineFollower } from './line-follower.js';
import { PARTITIONS } from './partitions.js';

/** For so long after its last event, a publisher watches that the server did not lose it. */
const WATCHED_MS = 300_000;
/** An entry may be trimmed by its age soon, and then says nothing about losses. */
const KNOWN_SHARE = 0.9;

const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

/** Through sharded channels of Redis, and one stream per partition for what is kept. */
export class RedisEventTransport extends EventTransport {
  /** The last entry that was acknowledged, by partition. */
  readonly #known = new Map<number, { id: string; at: number }>();
  #watch: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: RedisConnection,
    private readonly keySpace: KeySpace,
    private readonly options: ResolvedEventsOptions,
  ) {
    super();
  }

  async send(partition: number, frame: Buffer): Promise<void> {
    const channel = passingChannel(this.keySpace, partition);
    await this.connection.required('publish', this.options.deadlineMs, (client) =>
      client.spublish(channel, frame),
    );
  }

  async keep(partition: number, frame: Buffer): Promise<string> {
    const id = await this.#append(partition, frame);
    this.#known.set(partition, { id, at: performance.now() });
    this.#watch ??= setInterval(
      () => void this.#lookForLosses(),
      this.options.checkEveryMs,
    ).unref();
    return id;
  }

  listen(sink: EventSink): Listening {
    const { shardSubscriber } = this.connection;
    const subscriptions = ALL.flatMap((partition) => [
      shardSubscriber.subscribe(passingChannel(this.keySpace, partition), {
        onMessage: (frame) => sink.passing(partition, frame),
      }),
      shardSubscriber.subscribe(keptChannel(this.keySpace, partition), {
        onMessage: (message) => {
          const entry = decodeKept(message);
          if (entry && entry.frame.length > 0) sink.live(partition, entry.id, entry.frame);
        },
      }),
    ]);
    return { ready: allReady(subscriptions), close: () => closeAll(subscriptions) };
  }

  follow(sink: EventSink): Listening {
    const { shardSubscriber } = this.connection;
    const followers = ALL.map((partition) => this.#follower(partition, sink));
    const subscriptions = followers.map((follower, partition) =>
      shardSubscriber.subscribe(keptChannel(this.keySpace, partition), {
        onMessage: (message) => {
          const entry = decodeKept(message);
          if (entry) follower.live(entry);
        },
        onResumed: () => void follower.catchUp(),
      }),
    );
    const checks = setInterval(() => {
      for (const follower of followers) void follower.check();
    }, this.options.checkEveryMs).unref();
    const ready = Promise.all(
      followers.map(async (follower, partition) => {
        await subscriptions[partition]!.ready;
        await follower.begin();
      }),
    );
    ready.catch(() => undefined);
    return {
      ready: ready.then(() => undefined),
      close: () => {
        clearInterval(checks);
        for (const follower of followers) follower.stop();
        closeAll(subscriptions);
      },
    };
  }

  close(): void {
    clearInterval(this.#watch);
  }

  #append(partition: number, frame: Buffer): Promise<string> {
    const { deadlineMs, history, retentionMs } = this.options;
    const known = this.#known.get(partition);
    const isFresh = known && performance.now() - known.at < retentionMs * KNOWN_SHARE;
    const args = {
      channel: keptChannel(this.keySpace, partition),
      frame,
      known: isFresh ? known.id : '',
      history,
      retentionMs,
    };
    const log = eventLogKey(this.keySpace, partition);
    return this.connection.required('publish', deadlineMs, (client) =>
      runScript(client, keepEvent, { log }, args),
    );
  }

  /** A failover loses what was acknowledged and not yet copied. Who was told so has to notice, or nobody does. */
  async #lookForLosses(): Promise<void> {
    const now = performance.now();
    const watched = [...this.#known].filter(([, { at }]) => now - at < WATCHED_MS);
    await Promise.all(
      watched.map(async ([partition, known]) => {
        // Without an answer the next event, or the next look, finds it.
        const mark = await this.#append(partition, NO_FRAME).catch(() => '');
        if (mark !== '' && this.#known.get(partition) === known) {
          this.#known.set(partition, { id: mark, at: known.at });
        }
      }),
    );
  }

  #follower(partition: number, sink: EventSink): LineFollower {
    const log = eventLogKey(this.keySpace, partition);
    return new LineFollower(partition, this.options.retentionMs, {
      page: () => sink.page,
      read: (cursor = '', count) =>
        this.connection.required('history', this.options.deadlineMs, (client) =>
          runScript(client, readMissed, { log }, { cursor, count }),
        ),
      deliver: ({ id, frame }) => sink.kept(partition, id, frame),
      gap: (gap) => sink.gap(gap),
      recovered: (events, durationMs) => sink.recovered(partition, events, durationMs),
      room: (events) => sink.room(events),
    });
  }
}

const NO_FRAME = Buffer.alloc(0);

async function allReady(subscriptions: readonly ShardSubscription[]): Promise<void> {
  await Promise.all(subscriptions.map(({ ready }) => ready));
}

function closeAll(subscriptions: readonly ShardSubscription[]): void {
  for (const subscription of subscriptions) subscription.close();
}

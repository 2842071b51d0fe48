import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { KeySpace } from '../../core/key-space.js';
import { runScript } from '../../core/scripts/script-runner.js';
import type { LogEntry, RawEvent } from '../event.js';
import type { PartitionPlace, StreamPlace } from '../stream-name.js';
import {
  logHeadKey,
  logKey,
  olderIdsKey,
  partitionCountKey,
  snapshotKey,
  streamKey,
  streamStateKey,
  wakeChannel,
} from '../streams.keys.js';
import {
  appendEvents,
  loadStream,
  readLog,
  saveSnapshot,
  trimLog,
  type RedisEntry,
} from '../streams.scripts.js';
import { assertNoEviction } from './eviction.js';
import { logEntryOf, rawEventOf } from './redis-entries.js';
import { ReplicatedLink } from './replicated-link.js';
import {
  START,
  type AppendReply,
  type AppendRequest,
  type EventStorage,
  type RawSnapshot,
  type Replication,
} from './event-storage.js';

export interface RedisEventStorageOptions {
  readonly connection: RedisConnection;
  readonly keySpace: KeySpace;
  readonly allowEviction: boolean;
  /** How many event ids of a stream are remembered, at least. */
  readonly idWindow: number;
}

/** Events in Redis. */
export class RedisEventStorage implements EventStorage {
  readonly #replicated: ReplicatedLink;
  #safe: Promise<void> | undefined;

  constructor(private readonly options: RedisEventStorageOptions) {
    this.#replicated = new ReplicatedLink(options.connection);
  }

  async partitions(category: string, wanted: number): Promise<number> {
    const key = partitionCountKey(this.options.keySpace, category);
    const stored = await this.#client.set(key, wanted, 'NX', 'GET');
    return stored === null ? wanted : Number(stored);
  }

  async append(request: AppendRequest): Promise<AppendReply> {
    await this.assertSafe();
    return this.#append(this.#client, request);
  }

  async appendReplicated(
    request: AppendRequest,
    { replicas, timeoutMs }: Replication,
  ): Promise<{ reply: AppendReply; replicas: number }> {
    await this.assertSafe();
    const key = streamKey(this.options.keySpace, request.place);
    const done = await this.#replicated.write(key, replicas, timeoutMs, (client) =>
      this.#append(client, request),
    );
    return { reply: done.value, replicas: done.replicas };
  }

  async readStream(
    place: StreamPlace,
    from: number,
    direction: 'forward' | 'backward',
    limit: number,
  ): Promise<RawEvent[]> {
    const key = streamKey(this.options.keySpace, place);
    const client = this.#client;
    const start = Number.isFinite(from) ? `${from}-0` : '+';
    const entries =
      direction === 'forward'
        ? await client.xrangeBuffer(key, start, '+', 'COUNT', limit)
        : await client.xrevrangeBuffer(key, start, '-', 'COUNT', limit);
    return (entries as unknown as RedisEntry[]).map((entry) => rawEventOf(entry, place.stream));
  }

  async readLog(place: PartitionPlace, after: string, limit: number): Promise<LogEntry[]> {
    const { log } = this.#logKeys(place);
    const entries = await this.#client.xrangeBuffer(log, `(${after}`, '+', 'COUNT', limit);
    return (entries as unknown as RedisEntry[]).map((entry) => logEntryOf(entry));
  }

  async readLogOrWait(place: PartitionPlace, after: string, limit: number): Promise<LogEntry[]> {
    const keys = this.#logKeys(place);
    const entries = await runScript(this.#client, readLog, keys, { after, limit });
    return entries.map((entry) => logEntryOf(entry));
  }

  async end(place: PartitionPlace): Promise<string> {
    const { head } = this.#logKeys(place);
    const [epoch, ordinal] = await this.#client.hmget(head, 'epoch', 'ordinal');
    return epoch && ordinal ? `${epoch}-${ordinal}` : START;
  }

  watch(place: PartitionPlace, wake: () => void): { ready: Promise<void>; close(): void } {
    const { subscriber } = this.options.connection;
    const subscription = subscriber.subscribe(wakeChannel(this.options.keySpace, place), wake);
    const missed = subscriber.onReplaced(wake);
    return {
      ready: subscription.ready,
      close: () => {
        subscription.close();
        missed();
      },
    };
  }

  saveSnapshot(place: StreamPlace, schema: number, snapshot: RawSnapshot): Promise<boolean> {
    const { version, eventId, state } = snapshot;
    const args = { version, eventId, schema, state };
    return runScript(this.#client, saveSnapshot, this.#snapshotKeys(place), args);
  }

  async load(
    place: StreamPlace,
    schema: number,
    limit: number,
  ): Promise<{ snapshot: RawSnapshot | undefined; events: RawEvent[] }> {
    const keys = this.#snapshotKeys(place);
    const { snapshot, entries } = await runScript(this.#client, loadStream, keys, {
      schema,
      limit,
    });
    return { snapshot, events: entries.map((entry) => rawEventOf(entry, place.stream)) };
  }

  trim(place: PartitionPlace, keep: number): Promise<number> {
    return runScript(this.#client, trimLog, this.#logKeys(place), { keep });
  }

  async close(): Promise<void> {
    this.#replicated.close();
  }

  /** Asks the servers once, and again after they did not answer. */
  assertSafe(): Promise<void> {
    const { connection, allowEviction } = this.options;
    this.#safe ??= allowEviction
      ? Promise.resolve()
      : assertNoEviction(connection).catch((error: unknown) => {
          this.#safe = undefined;
          throw error;
        });
    return this.#safe;
  }

  #append(client: Redis, request: AppendRequest): Promise<AppendReply> {
    const { keySpace, idWindow } = this.options;
    const { place, partitions, events, expected, lastEventId } = request;
    const additions: (string | Buffer)[] = [];
    for (const { id, type, data, meta } of events) additions.push(id, type, data, meta);
    return runScript(
      client,
      appendEvents,
      {
        ...this.#logKeys(place),
        events: streamKey(keySpace, place),
        state: streamStateKey(keySpace, place),
        olderIds: olderIdsKey(keySpace, place),
      },
      {
        stream: place.stream,
        partitions,
        expected,
        lastEventId,
        channel: wakeChannel(keySpace, place),
        window: idWindow,
        additions,
      },
    );
  }

  /** Redis and Cluster share their commands, but the union of their overloads cannot be called. */
  get #client(): Redis {
    return this.options.connection.command as Redis;
  }

  #logKeys(place: PartitionPlace): { log: string; head: string } {
    const { keySpace } = this.options;
    return { log: logKey(keySpace, place), head: logHeadKey(keySpace, place) };
  }

  #snapshotKeys(place: StreamPlace): { events: string; snapshot: string } {
    const { keySpace } = this.options;
    return { events: streamKey(keySpace, place), snapshot: snapshotKey(keySpace, place) };
  }
}

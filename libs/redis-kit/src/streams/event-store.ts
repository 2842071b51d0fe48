import './streams.events.js';
import type { RedisKitEvents } from '../core/events.js';
import { parseDuration } from '../core/duration.js';
import { safeMessage } from '../core/redact.js';
import type { AnyAggregate } from './aggregate.js';
import {
  AggregateRepository,
  resolveRepositoryOptions,
  type RepositoryOptions,
} from './aggregate-repository.js';
import { assertEvents, assertExpected, explain, isVersion, resultOf } from './append-calls.js';
import type { AppendOptions, AppendResult } from './append-options.js';
import type { LoggedEvent, NewEvent, StoredEvent } from './event.js';
import { identify, type EventCodec } from './event-codec.js';
import { EventQuery, LogQuery, type LogPage } from './event-query.js';
import { gapBetween, placeId, positionIn, type LogGap, type LogPosition } from './log-position.js';
import type { Partitions } from './partitions.js';
import type { AppendReply, AppendRequest, EventStorage } from './stores/event-storage.js';
import { AppendNotReplicatedError, StreamArgumentError } from './streams.errors.js';
import type { ResolvedStreamsOptions } from './streams.options.js';
import { Subscription, type StreamSubscribeOptions } from './subscription.js';

const PAGE = 1_000;

/** Options of `EventStore.read`. */
export interface ReadOptions {
  /** The version it begins with. @default the first; backward: the last */
  readonly from?: number | undefined;
  /** @default 'forward' */
  readonly direction?: 'forward' | 'backward' | undefined;
  /** Most events. @default all */
  readonly limit?: number | undefined;
}

/** Options of `EventStore.readAll`. */
export interface ReadAllOptions {
  /** What an earlier page answered. @default the beginning */
  readonly from?: LogPosition | undefined;
  /** Most events of one page. @default 1000 */
  readonly limit?: number | undefined;
}

/**
 * Streams of events, in Redis.
 *
 * An append is all or nothing, refused when the stream is not as expected, and never stored twice however often it is
 * repeated with the same event ids. Readers of a category see each partition in the order of its appends, and are told of
 * every event they could not see. It is as durable as the server: ask for replicas where a failover must lose nothing.
 */
export class EventStore {
  readonly #codec: EventCodec;
  readonly #partitions: Partitions;
  readonly #subscriptions = new Set<Subscription>();

  /** @internal Nest makes it. */
  constructor(
    private readonly storage: EventStorage,
    codec: EventCodec,
    partitions: Partitions,
    private readonly options: ResolvedStreamsOptions,
    private readonly events: RedisKitEvents,
  ) {
    this.#codec = codec;
    this.#partitions = partitions;
  }

  /**
   * Appends one event or several to a stream, such as `order-42`.
   *
   * @throws ConcurrencyError when the stream is not as expected.
   * @throws AppendOutcomeUnknownError when Redis did not answer; its `events` can be appended again.
   * @throws AppendNotReplicatedError when too few replicas confirmed it in time.
   * @throws StreamPayloadError when a payload is not what its type says, or too large.
   */
  async append(
    stream: string,
    events: NewEvent | readonly NewEvent[],
    options: AppendOptions = {},
  ): Promise<AppendResult> {
    const identified = identify(assertEvents(events));
    const encoded = identified.map((event) => this.#codec.encode(event));
    if (new Set(encoded.map(({ id }) => id)).size < encoded.length) {
      throw new StreamArgumentError('Two events of one append have the same id.');
    }
    const expected = assertExpected(options.expectedVersion);
    const { replicas: wanted, timeoutMs } = this.#replication(options);
    const startedAt = performance.now();
    let done: { reply: AppendReply; replicas: number | undefined };
    const { place, partitions } = await this.#partitions.find(stream);
    try {
      const request: AppendRequest = {
        place,
        partitions,
        events: encoded,
        expected: expected === 'no-stream' ? 0 : expected,
        lastEventId: options.lastEventId ?? '',
      };
      done =
        wanted > 0
          ? await this.storage.appendReplicated(request, { replicas: wanted, timeoutMs })
          : { reply: await this.storage.append(request), replicas: undefined };
    } catch (error) {
      throw explain(stream, identified, error);
    }
    const result = resultOf(stream, partitions, expected, done.reply);
    const count = encoded.length;
    this.events.emit('stream.appended', {
      stream,
      version: result.version,
      count,
      isDuplicate: result.isDuplicate,
      durationMs: performance.now() - startedAt,
    });
    if ((done.replicas ?? 0) < wanted) {
      const { version } = result;
      throw new AppendNotReplicatedError(stream, version, done.replicas!, wanted, identified);
    }
    return { ...result, replicas: done.replicas };
  }

  /** Reads a stream: `await` gives a list, `for await` goes through it page by page. Empty when there is none. */
  read<Data = unknown>(stream: string, options: ReadOptions = {}): EventQuery<Data> {
    const { direction = 'forward', limit = Infinity } = options;
    const isForward = direction === 'forward';
    if (!isForward && direction !== 'backward') {
      throw new StreamArgumentError("direction is 'forward' or 'backward'.");
    }
    const first = options.from ?? (isForward ? 1 : Infinity);
    if (!isVersion(first) || !isVersion(limit)) {
      throw new StreamArgumentError('from and limit are whole numbers above 0.');
    }
    return new EventQuery(
      async function* (this: EventStore) {
        const { place } = await this.#partitions.find(stream);
        let from = first;
        for (let left = limit; left > 0 && from > 0;) {
          const size = Math.min(left, PAGE);
          const raw = await this.storage.readStream(place, from, direction, size);
          if (raw.length > 0) yield Promise.all(raw.map((event) => this.#codec.decode(event)));
          if (raw.length < size) return;
          left -= size;
          from = raw.at(-1)!.version + (isForward ? 1 : -1);
        }
      }.bind(this) as () => AsyncGenerator<StoredEvent<Data>[], void, void>,
    );
  }

  /**
   * Reads all streams of a category, or of several, in the order of appends within each partition: `await` gives a page,
   * `for await` goes on to the end.
   */
  readAll<Data = unknown>(
    category: string | readonly string[],
    { from = {}, limit = PAGE }: ReadAllOptions = {},
  ): LogQuery<Data> {
    if (!isVersion(limit) || limit > 10_000) {
      throw new StreamArgumentError('limit is a whole number from 1 to 10000.');
    }
    return new LogQuery<Data>(from, (at) => this.#logPage<Data>([category].flat(), at, limit));
  }

  /** Where reads of these categories begin that want only what is appended from now on. */
  async end(category: string | readonly string[]): Promise<LogPosition> {
    const places = await this.#places([category].flat());
    const ends = places.map(async (place) => [placeId(place), await this.storage.end(place)]);
    return Object.fromEntries(await Promise.all(ends)) as LogPosition;
  }

  /**
   * Calls `handler` with each event of a category, first those that are there, then those that come. One at a time, in
   * this process only, from where it is told to begin: for groups of processes use `@StreamHandler`.
   */
  subscribe<Data = unknown>(
    category: string | readonly string[],
    handler: (event: LoggedEvent<Data>) => unknown,
    options: StreamSubscribeOptions = {},
  ): Subscription {
    const subscription = new Subscription({
      storage: this.storage,
      codec: this.#codec,
      places: () => this.#places([category].flat()),
      handler: handler as (event: LoggedEvent) => unknown,
      events: this.events,
      pollMs: this.options.pollMs,
      options,
    });
    this.#subscriptions.add(subscription);
    void subscription.done
      .catch(() => undefined)
      .then(() => this.#subscriptions.delete(subscription));
    return subscription;
  }

  /**
   * Shortens the logs of a category to about `keep` events each, and never removes what one of its consumer groups has not
   * handled. The streams themselves are never shortened. Answers how many log entries were removed.
   */
  async trim(category: string, { keep }: { readonly keep: number }): Promise<number> {
    if (!Number.isInteger(keep) || keep < 0) {
      throw new StreamArgumentError('keep is a whole number from 0.');
    }
    const places = await this.#places([category]);
    const removed = await Promise.all(places.map((place) => this.storage.trim(place, keep)));
    return removed.reduce((sum, count) => sum + count, 0);
  }

  /** Aggregates of a class, each in a stream of the category. */
  repository<T extends AnyAggregate>(
    type: new (id: string) => T,
    options: RepositoryOptions,
  ): AggregateRepository<T> {
    return new AggregateRepository(type, resolveRepositoryOptions(options), {
      store: this,
      storage: this.storage,
      codec: this.#codec,
      partitions: this.#partitions,
      snapshotFailed: (stream, error) =>
        this.events.emit('stream.snapshot-failed', { stream, message: safeMessage(error) }),
    });
  }

  /** Ends all subscriptions. */
  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.storage.close();
  }

  async #places(categories: readonly string[]) {
    const all = categories.map((category) => this.#partitions.places(category));
    return (await Promise.all(all)).flat();
  }

  async #logPage<Data>(
    categories: readonly string[],
    from: LogPosition,
    limit: number,
  ): Promise<LogPage<Data>> {
    const events: Promise<LoggedEvent>[] = [];
    const gaps: LogGap[] = [];
    const position: Record<string, string> = { ...from };
    let isEnd = true;
    for (const place of await this.#places(categories)) {
      let last = positionIn(from, place);
      const room = limit - events.length;
      const entries = room > 0 ? await this.storage.readLog(place, last, room) : [];
      for (const entry of entries) {
        const gap = gapBetween(place, last, entry.position);
        if (gap) gaps.push(gap);
        last = entry.position;
        events.push(this.#codec.decodeEntry(place, entry));
      }
      position[placeId(place)] = last;
      if (entries.length >= room) isEnd = false;
    }
    const decoded = (await Promise.all(events)) as LoggedEvent<Data>[];
    return { events: decoded, position, gaps, isEnd };
  }

  #replication({ durability }: AppendOptions): { replicas: number; timeoutMs: number } {
    if (!durability) return this.options.durability;
    const { waitReplicas: replicas, timeout = '1s' } = durability;
    const timeoutMs = parseDuration(timeout);
    if (!Number.isInteger(replicas) || replicas < 0 || !timeoutMs || timeoutMs > 60_000) {
      throw new StreamArgumentError(
        'durability needs waitReplicas, a whole number from 0, and a timeout from 1ms to 1m.',
      );
    }
    return { replicas, timeoutMs };
  }
}

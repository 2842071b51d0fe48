import { setTimeout as pause } from 'node:timers/promises';
import { EventSourcedAggregate, type AnyAggregate } from './aggregate.js';
import type { AppendOptions, AppendResult, Durability } from './append-options.js';
import { identify, type EventCodec } from './event-codec.js';
import type { NewEvent } from './event.js';
import type { EventQuery } from './event-query.js';
import type { Partitions } from './partitions.js';
import type { EventStorage } from './stores/event-storage.js';
import { AggregateNotFoundError, ConcurrencyError, StreamArgumentError } from './streams.errors.js';

/** Events read with a snapshot; the others follow page by page. */
const PAGE = 1_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

export interface RepositoryOptions {
  /** Category of the streams: aggregate `42` of category `order` is stream `order-42`. */
  readonly category: string;
  /** A snapshot after about so many events, of aggregates with `toSnapshot`. @default 100 */
  readonly snapshotEvery?: number | undefined;
  /** Version of the snapshots' form. Those of another one are not read. @default 1 */
  readonly snapshotVersion?: number | undefined;
  /** How often `change` decides again after somebody else was first. @default 5 */
  readonly retries?: number | undefined;
  /** @default `streams.durability` */
  readonly durability?: Durability | undefined;
}

export interface ResolvedRepositoryOptions {
  readonly category: string;
  readonly snapshotEvery: number;
  readonly snapshotVersion: number;
  readonly retries: number;
  readonly durability: Durability | undefined;
}

/** @throws StreamArgumentError */
export function resolveRepositoryOptions(options: RepositoryOptions): ResolvedRepositoryOptions {
  const { category, snapshotEvery = 100, snapshotVersion = 1, retries = 5, durability } = options;
  const isCount = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  if (!isCount(snapshotEvery, 1) || !isCount(snapshotVersion, 1) || !isCount(retries, 0)) {
    throw new StreamArgumentError(
      'A repository needs snapshotEvery and snapshotVersion from 1 and retries from 0, whole numbers.',
    );
  }
  return { category, snapshotEvery, snapshotVersion, retries, durability };
}

/** What a repository works with. */
export interface RepositoryParts {
  readonly store: {
    append(
      stream: string,
      events: readonly NewEvent[],
      options: AppendOptions,
    ): Promise<AppendResult>;
    read(stream: string, options?: { readonly from: number }): EventQuery;
  };
  readonly storage: EventStorage;
  readonly codec: EventCodec;
  readonly partitions: Partitions;
  /** A snapshot that could not be kept; the aggregate is stored all the same. */
  readonly snapshotFailed: (stream: string, error: unknown) => void;
}

/**
 * Aggregates of one class, each in a stream of its own. Saving is refused when somebody else saved meanwhile, so what was
 * decided is always decided on the latest state.
 */
export class AggregateRepository<T extends AnyAggregate> {
  /** @internal `EventStore.repository` makes it. */
  constructor(
    private readonly type: new (id: string) => T,
    private readonly options: ResolvedRepositoryOptions,
    private readonly parts: RepositoryParts,
  ) {}

  /** @throws AggregateNotFoundError when nothing ever happened to it. */
  async load(id: string): Promise<T> {
    const aggregate = await this.find(id);
    if (aggregate) return aggregate;
    throw new AggregateNotFoundError(this.type.name, this.#streamOf(id));
  }

  /** The aggregate; undefined when nothing ever happened to it. */
  async find(id: string): Promise<T | undefined> {
    const aggregate = new this.type(id);
    const stream = this.#streamOf(id);
    const { store, storage, codec, partitions } = this.parts;
    const { place } = await partitions.find(stream);
    const { snapshot, events } = await storage.load(place, this.options.snapshotVersion, PAGE);
    const state = snapshot && (await this.#stateOf(snapshot.state));
    if (snapshot && state === undefined) {
      // A snapshot that cannot be read is none: the history is the truth.
      EventSourcedAggregate.load(aggregate, undefined, await store.read(stream));
      return aggregate;
    }
    const decoded = await Promise.all(events.map((event) => codec.decode(event)));
    EventSourcedAggregate.load(aggregate, snapshot && { ...snapshot, ...state! }, decoded);
    if (events.length === PAGE) {
      for await (const event of store.read(stream, { from: aggregate.version + 1 })) {
        EventSourcedAggregate.load(aggregate, undefined, [event]);
      }
    }
    return aggregate.version > 0 ? aggregate : undefined;
  }

  /**
   * Stores what the aggregate has raised. Saved again after an unknown outcome, nothing is stored twice.
   *
   * @returns undefined when there was nothing to store.
   * @throws ConcurrencyError when somebody else saved since it was loaded; and what `EventStore.append` throws.
   */
  async save(aggregate: T): Promise<AppendResult | undefined> {
    if (aggregate.uncommitted.length === 0) return undefined;
    const events = identify(aggregate.uncommitted);
    // The same ids when this very aggregate is saved again.
    EventSourcedAggregate.identify(aggregate, events);
    const before = aggregate.version;
    const result = await this.parts.store.append(this.#streamOf(aggregate.id), events, {
      expectedVersion: before,
      lastEventId: aggregate.lastEventId,
      durability: this.options.durability,
    });
    EventSourcedAggregate.committed(aggregate, result.version, result.lastEventId);
    const { snapshotEvery } = this.options;
    if (Math.floor(before / snapshotEvery) < Math.floor(result.version / snapshotEvery)) {
      await this.#keepSnapshot(aggregate);
    }
    return result;
  }

  /**
   * Loads an aggregate (a new one, if nothing ever happened to it), lets it decide, and saves it; decides again on the
   * new state when somebody else was first.
   *
   * @returns what `decide` returned.
   * @throws ConcurrencyError when others were first too often.
   */
  async change<R>(id: string, decide: (aggregate: T) => R | Promise<R>): Promise<R> {
    for (let attempt = 0; ; attempt++) {
      const aggregate = (await this.find(id)) ?? new this.type(id);
      const result = await decide(aggregate);
      try {
        await this.save(aggregate);
        return result;
      } catch (error) {
        if (!(error instanceof ConcurrencyError) || attempt >= this.options.retries) throw error;
      }
      // Full jitter, so that those who met do not meet again.
      await pause(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS));
    }
  }

  /** @returns undefined for a state that cannot be read. */
  async #stateOf(bytes: Buffer): Promise<{ state: unknown } | undefined> {
    try {
      return { state: await this.parts.codec.decodeState(bytes) };
    } catch {
      return undefined;
    }
  }

  async #keepSnapshot(aggregate: T): Promise<void> {
    const stream = this.#streamOf(aggregate.id);
    const { storage, codec, partitions, snapshotFailed } = this.parts;
    try {
      const state = aggregate.toSnapshot();
      if (state === undefined) return;
      const { place } = await partitions.find(stream);
      await storage.saveSnapshot(place, this.options.snapshotVersion, {
        version: aggregate.version,
        eventId: aggregate.lastEventId,
        state: codec.encodeState(`snapshot of ${this.type.name}`, state),
      });
    } catch (error) {
      snapshotFailed(stream, error);
    }
  }

  #streamOf(id: string): string {
    return `${this.options.category}-${id}`;
  }
}

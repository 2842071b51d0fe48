import { randomBytes } from 'node:crypto';
import { Codec } from '../core/codec/codec.js';
import type { RedisKitEvents } from '../core/events.js';
import { safeMessage } from '../core/redact.js';
import { EventHandler, type EventCallback, type EventHandlerStats } from './event-handler.js';
import { checkName, checkPatterns } from './event-name.js';
import type { EventSink, EventTransport, Listening } from './event-transport.js';
import { EventNameError, EventPayloadError } from './events.errors.js';
import { partitionOf } from './partitions.js';
import type { ResolvedEventsOptions } from './events.options.js';
import { decodeFrame, encodeFrame, LONGEST_KEY } from './frame.js';
import type { EventGap } from './gap.js';
import { resolveSubscribeOptions, type SubscribeOptions } from './handler.options.js';
import { HandlerRoom } from './handler-room.js';
import type { IncomingEvent, RedisEvent } from './incoming-event.js';
import { PatternTree } from './pattern-tree.js';
import { publishFailure } from './publish-failure.js';
import type { Tracing } from './tracing.js';

export interface PublishOptions {
  /**
   * What the event is about: events with the same key come in the order they were published in.
   * @default the name of the event
   */
  readonly key?: string | undefined;
  /** Whether it is kept in the history. @default what `events.recoverable` says of its name */
  readonly delivery?: 'transient' | 'recoverable' | undefined;
}

export interface PublishedEvent {
  readonly id: string;
  readonly isKept: boolean;
}

/** One handler of the bus. */
export interface EventSubscription {
  /** Resolves when Redis has confirmed it: nothing that is published from then on goes past it. */
  readonly ready: Promise<void>;
  readonly stats: EventHandlerStats;
  /** Takes no more events; resolves when those that wait are handled. */
  close(): Promise<void>;
}

export interface EventBusSettings {
  readonly options: ResolvedEventsOptions;
  readonly transport: EventTransport;
  readonly events: RedisKitEvents;
  readonly tracing: Tracing;
}

/**
 * Events for every process of the application.
 *
 * An event comes to all processes whose handlers match its name, once per handler, in the order of its key. A transient
 * handler misses what is published while its connection is being replaced. A recoverable one is handed what it missed of the events that
 * are kept, or is told that something may be missing; nothing goes missing in silence. Neither learns of events from the time when
 * its process did not run: that is what streams are for.
 */
export class RedisEventBus {
  /** This process among those that publish. */
  readonly origin = randomBytes(9).toString('base64url').replace(/-/g, '_');
  readonly #codec: Codec;
  readonly #keptNames = new PatternTree<true>();
  readonly #handlers = new Set<EventHandler>();
  readonly #recoverable = new Set<EventHandler>();
  readonly #transientTree = new PatternTree<EventHandler>();
  readonly #recoverableTree = new PatternTree<EventHandler>();
  readonly #sink: EventSink;
  #listening: Listening | undefined;
  #following: Listening | undefined;
  #number = 0;

  constructor(private readonly settings: EventBusSettings) {
    const { format, maxPayload, recoverable } = settings.options;
    this.#codec = new Codec({
      format,
      compressAbove: Infinity,
      // The codec's own header counts.
      maxEncodedBytes: maxPayload + 1,
      maxDecodedBytes: maxPayload,
    });
    this.#keptNames.add(recoverable, true);
    this.#sink = this.#createSink();
  }

  /** What each handler of this process has done so far. */
  get stats(): EventHandlerStats[] {
    return [...this.#handlers].map(({ stats }) => stats);
  }

  /**
   * Resolves when Redis has taken the event. It is never sent twice by itself.
   *
   * @throws EventNameError, EventPayloadError when it cannot be sent.
   * @throws EventNotPublishedError when Redis did not take it.
   * @throws EventOutcomeUnknownError when Redis did not say whether it took it.
   */
  async publish(
    name: string,
    payload?: unknown,
    options: PublishOptions = {},
  ): Promise<PublishedEvent> {
    checkName(name);
    const { key = name, delivery } = options;
    checkKey(key);
    const isKept = this.#isKept(name, delivery);
    const id = `${this.origin}-${(this.#number++).toString(36)}`;
    const traceparent = this.settings.tracing.current();
    const frame = encodeFrame({ name, key, id, traceparent, payload: this.#encode(name, payload) });
    const partition = partitionOf(key);
    const { transport } = this.settings;
    try {
      await (isKept ? transport.keep(partition, frame) : transport.send(partition, frame));
    } catch (error) {
      throw publishFailure(name, error);
    }
    return { id, isKept };
  }

  /**
   * Calls `handler` for each event whose name matches one of the patterns: `*` stands for one segment, `**` for any number
   * of them.
   *
   * @throws EventNameError for what is no pattern.
   * @throws ConfigurationError listing every wrong option.
   */
  subscribe<T = unknown>(
    patterns: string | readonly string[],
    handler: (payload: T, event: RedisEvent) => unknown,
    options: SubscribeOptions = {},
  ): EventSubscription {
    const list = checkPatterns(patterns);
    const resolved = resolveSubscribeOptions(options, 'subscribe()');
    const { codec, events, tracing } = { ...this.settings, codec: this.#codec };
    const one = new EventHandler(
      options.name ?? list.join(' '),
      resolved,
      handler as EventCallback,
      { codec, events, tracing },
    );
    const isRecoverable = resolved.delivery === 'recoverable';
    const remove = (isRecoverable ? this.#recoverableTree : this.#transientTree).add(list, one);
    this.#handlers.add(one);
    if (isRecoverable) this.#recoverable.add(one);
    return {
      ready: this.#open(isRecoverable),
      get stats() {
        return one.stats;
      },
      close: async () => {
        remove();
        this.#handlers.delete(one);
        this.#recoverable.delete(one);
        one.close();
        this.#closeUnused();
        await one.idle();
      },
    };
  }

  /** Takes no more events. */
  stopIntake(): void {
    for (const handler of this.#handlers) handler.close();
    this.#listening?.close();
    this.#following?.close();
  }

  /** Resolves when the handlers are done with what they have. */
  async drain(): Promise<void> {
    this.stopIntake();
    this.settings.transport.close();
    await Promise.all([...this.#handlers].map((handler) => handler.idle()));
  }

  #isKept(name: string, delivery: unknown): boolean {
    if (delivery === undefined) return this.#keptNames.match(name).length > 0;
    if (delivery === 'transient' || delivery === 'recoverable') return delivery === 'recoverable';
    throw new EventPayloadError(name, "its delivery is neither 'transient' nor 'recoverable'");
  }

  #encode(name: string, payload: unknown): Buffer {
    try {
      // Only compressing takes a thread, and events are not compressed.
      return this.#codec.encode(payload) as Buffer;
    } catch (error) {
      throw new EventPayloadError(name, safeMessage(error), { cause: error });
    }
  }

  #open(isRecoverable: boolean): Promise<void> {
    const { transport } = this.settings;
    this.#listening ??= transport.listen(this.#sink);
    if (isRecoverable) this.#following ??= transport.follow(this.#sink);
    const opened = [this.#listening, ...(isRecoverable ? [this.#following!] : [])];
    const ready = Promise.all(opened.map((listening) => listening.ready)).then(() => undefined);
    // Nobody has to await it.
    ready.catch(() => undefined);
    return ready;
  }

  #closeUnused(): void {
    if (this.#recoverable.size === 0) {
      this.#following?.close();
      this.#following = undefined;
    }
    if (this.#handlers.size === 0) {
      this.#listening?.close();
      this.#listening = undefined;
    }
  }

  #createSink(): EventSink {
    const { events } = this.settings;
    const room = new HandlerRoom(this.#recoverable);
    const { origin } = this;
    const read = (
      partition: number,
      entry: string | undefined,
      bytes: Buffer,
    ): IncomingEvent | undefined => {
      const frame = decodeFrame(bytes);
      if (!frame) events.emit('bus.unreadable', { partition });
      else return { ...frame, entry, partition, isOwn: frame.id.startsWith(`${origin}-`) };
      return undefined;
    };
    const hand = (event: IncomingEvent | undefined, ...trees: PatternTree<EventHandler>[]) => {
      if (!event) return;
      for (const tree of trees) for (const one of tree.match(event.name)) one.take(event);
    };
    return {
      passing: (partition, frame) =>
        hand(read(partition, undefined, frame), this.#transientTree, this.#recoverableTree),
      live: (partition, entry, frame) => hand(read(partition, entry, frame), this.#transientTree),
      kept: (partition, entry, frame) => hand(read(partition, entry, frame), this.#recoverableTree),
      gap: (gap: EventGap) => {
        events.emit('bus.gap', { ...gap });
        for (const handler of this.#recoverable) handler.takeGap(gap);
      },
      recovered: (partition, recovered, durationMs) =>
        events.emit('bus.recovered', { partition, events: recovered, durationMs }),
      get page() {
        return room.page;
      },
      room: (needed) => room.wait(needed),
    };
  }
}

function checkKey(key: unknown): asserts key is string {
  if (
    typeof key === 'string' &&
    key !== '' &&
    key.length <= LONGEST_KEY &&
    !/\p{Surrogate}/u.test(key)
  )
    return;
  throw new EventNameError(`The key of an event is text of 1 to ${LONGEST_KEY} characters.`);
}

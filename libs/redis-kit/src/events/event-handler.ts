import { isPromise } from 'node:util/types';
import { validateSync } from 'class-validator';
import type { Codec } from '../core/codec/codec.js';
import type { RedisKitEvents } from '../core/events.js';
import { CodecError } from '../core/redis-kit.error.js';
import { safeMessage } from '../core/redact.js';
import { laneOf } from './partitions.js';
import type { ResolvedHandlerOptions } from './handler.options.js';
import type { EventGap } from './gap.js';
import { HandlerLane, type PendingGap } from './handler-lane.js';
import type { IncomingEvent, RedisEvent } from './incoming-event.js';
import type { Tracing } from './tracing.js';

/** What a handler has done so far. */
export interface EventHandlerStats {
  readonly handler: string;
  readonly handled: number;
  /** It threw or rejected. */
  readonly failed: number;
  /** The payload could not be read, or was not what it declared. */
  readonly refused: number;
  /** Fell out of its full queue. */
  readonly dropped: number;
  readonly gaps: number;
  /** Waiting now. */
  readonly waiting: number;
}

export interface HandlerSurroundings {
  readonly codec: Codec;
  readonly events: RedisKitEvents;
  readonly tracing: Tracing;
}

export type EventCallback = (payload: never, event: RedisEvent) => unknown;

/**
 * One subscription: decodes and checks payloads, calls the handler, and keeps what waits for it. What goes wrong in one
 * handler concerns no other.
 */
export class EventHandler {
  readonly #lanes: HandlerLane[];
  readonly #counts = { handled: 0, failed: 0, refused: 0, dropped: 0, gaps: 0 };
  readonly #notKept = new Set<string>();
  #isClosed = false;

  constructor(
    readonly name: string,
    readonly options: ResolvedHandlerOptions,
    private readonly callback: EventCallback,
    private readonly surroundings: HandlerSurroundings,
  ) {
    const { concurrency, queue, whenFull } = options;
    this.#lanes = Array.from(
      { length: concurrency },
      () =>
        new HandlerLane({
          limit: Math.max(1, Math.floor(queue / concurrency)),
          whenFull,
          handle: (event) => this.#handle(event),
          dropped: (event) => this.#drop(event),
        }),
    );
  }

  get stats(): EventHandlerStats {
    const waiting = this.#lanes.reduce((sum, lane) => sum + lane.waiting, 0);
    return { handler: this.name, ...this.#counts, waiting };
  }

  /** How many events it is done with, whatever came of them. */
  get done(): number {
    return this.#counts.handled + this.#counts.failed + this.#counts.refused;
  }

  /** How many events of one key it lets wait. */
  get limit(): number {
    return this.#lanes[0]!.limit;
  }

  /** How many events it can take now, of whatever keys. */
  get room(): number {
    return Math.min(...this.#lanes.map(({ room }) => room));
  }

  take(event: IncomingEvent): void {
    if (this.#isClosed || (event.isOwn && this.options.ignoreOwn)) return;
    if (event.entry === undefined && this.options.delivery === 'recoverable')
      this.#sayNotKept(event);
    this.#laneOf(event.key).add(event);
  }

  /** In each lane, nothing that came after the gap is handled before the handler was told. */
  takeGap(gap: EventGap): void {
    if (this.#isClosed) return;
    const pending = this.#pendingGap(gap);
    for (const lane of this.#lanes) lane.addGap(pending);
  }

  /** Takes nothing more; what waits is still handled. */
  close(): void {
    this.#isClosed = true;
  }

  async idle(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.idle()));
  }

  #laneOf(key: string): HandlerLane {
    if (this.#lanes.length === 1) return this.#lanes[0]!;
    return this.#lanes[laneOf(key, this.#lanes.length)]!;
  }

  #handle(event: IncomingEvent): unknown {
    const { events, tracing } = this.surroundings;
    let payload: unknown;
    try {
      payload = this.#payloadOf(event);
    } catch (error) {
      this.#counts.refused += 1;
      const message = safeMessage(error);
      events.emit('bus.refused', { event: event.name, handler: this.name, message });
      return undefined;
    }
    const startedAt = performance.now();
    const succeeded = () => {
      this.#counts.handled += 1;
      if (!events.has('bus.handled')) return;
      const durationMs = performance.now() - startedAt;
      events.emit('bus.handled', { event: event.name, handler: this.name, durationMs });
    };
    return this.#isolated(
      event.name,
      () => tracing.run(event.traceparent, () => this.callback(payload as never, describe(event))),
      succeeded,
    );
  }

  /** Whatever the handler does, the lane goes on. */
  #isolated(event: string, call: () => unknown, succeeded: () => void): unknown {
    const failed = (error: unknown) => {
      this.#counts.failed += 1;
      const message = safeMessage(error);
      this.surroundings.events.emit('bus.handler-failed', { event, handler: this.name, message });
    };
    try {
      const outcome = call();
      if (typeof (outcome as PromiseLike<unknown> | undefined)?.then !== 'function')
        return succeeded();
      return (outcome as PromiseLike<unknown>).then(succeeded, failed);
    } catch (error) {
      return failed(error);
    }
  }

  /** @throws CodecError when it is not what was declared; the message holds no values. */
  #payloadOf(event: IncomingEvent): unknown {
    const value = this.surroundings.codec.decode(event.payload);
    // Only what is compressed takes a thread, and events never are.
    if (isPromise(value)) {
      value.catch(() => undefined);
      throw new CodecError('The payload is compressed');
    }
    const { payload: type } = this.options;
    if (!type) return value;
    if (Object.prototype.toString.call(value) !== '[object Object]') {
      throw new CodecError(`The payload is no ${type.name}`);
    }
    // Not constructed: the payload decides what it holds, and its checks whether that is right.
    const typed = Object.assign(Object.create(type.prototype as object) as object, value);
    const wrong = validateSync(typed, { forbidUnknownValues: false });
    if (wrong.length > 0) {
      const members = wrong.map(({ property }) => property).join(', ');
      throw new CodecError(`The payload is no valid ${type.name}: see ${members}`);
    }
    return typed;
  }

  #drop(event: IncomingEvent): PendingGap | undefined {
    this.#counts.dropped += 1;
    this.surroundings.events.emit('bus.dropped', { event: event.name, handler: this.name });
    if (this.options.delivery !== 'recoverable') return undefined;
    const place = event.entry ?? event.id;
    return this.#pendingGap({
      reason: 'overflow',
      partition: event.partition,
      from: place,
      to: place,
    });
  }

  #pendingGap(gap: EventGap): PendingGap {
    let told: unknown;
    let isTold = false;
    const pending: PendingGap = {
      gap,
      tell: () => {
        if (isTold) return told;
        isTold = true;
        this.#counts.gaps += 1;
        const { onGap } = this.options;
        if (onGap)
          told = this.#isolated(
            'gap',
            () => onGap(pending.gap),
            () => undefined,
          );
        return told;
      },
    };
    return pending;
  }

  #sayNotKept({ name }: IncomingEvent): void {
    if (this.#notKept.has(name) || this.#notKept.size >= MOST_NAMES_TOLD) return;
    this.#notKept.add(name);
    this.surroundings.events.emit('bus.not-kept', { event: name, handler: this.name });
  }
}

const MOST_NAMES_TOLD = 100;

const describe = ({ name, id, key, entry, isOwn, traceparent }: IncomingEvent): RedisEvent => ({
  name,
  id,
  key,
  isKept: entry !== undefined,
  isOwn,
  traceparent,
});

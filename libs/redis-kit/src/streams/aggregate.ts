import type { NewEvent, StoredEvent } from './event.js';

/** What an aggregate raises, and is told of again when it is loaded. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** An aggregate of any events. */
export type AnyAggregate = EventSourcedAggregate<never>;

/**
 * Something whose state is what has happened to it. Commands are methods that check the rules and `raise` events; `apply`
 * alone changes the state, because it is also how a history becomes one.
 *
 * @example
 * class Order extends EventSourcedAggregate<OrderEvent> {
 *   #paid = false;
 *   pay() {
 *     if (this.#paid) throw new AlreadyPaidError(this.id);
 *     this.raise({ type: 'OrderPaid', data: {} });
 *   }
 *   protected apply(event: OrderEvent) {
 *     if (event.type === 'OrderPaid') this.#paid = true;
 *   }
 * }
 */
export abstract class EventSourcedAggregate<Event extends DomainEvent = DomainEvent> {
  #version = 0;
  #lastEventId = '';
  #uncommitted: NewEvent[] = [];

  constructor(readonly id: string) {}

  /** Version of the stream this state was made of, without what is uncommitted; 0: it is new. */
  get version(): number {
    return this.#version;
  }

  /** Id of the event at that version; empty when it is new. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** What was raised and is not stored yet. */
  get uncommitted(): readonly NewEvent[] {
    return this.#uncommitted;
  }

  /** Changes the state by an event. It must not refuse one: it has happened. */
  protected abstract apply(event: Event): void;

  /** Says that something happens: changes the state, and is stored by the next save. */
  protected raise(event: Event, metadata?: Readonly<Record<string, unknown>>): void {
    this.apply(event);
    this.#uncommitted.push({ ...event, metadata });
  }

  /** The state as it is kept in snapshots; undefined: there are none. */
  toSnapshot(): unknown {
    return undefined;
  }

  /** Takes over a state that `toSnapshot` made. */
  protected restore(_state: unknown): void {
    throw new TypeError(`${this.constructor.name} makes snapshots and has no restore(state)`);
  }

  /** @internal */
  static load(
    aggregate: AnyAggregate,
    snapshot: { version: number; eventId: string; state: unknown } | undefined,
    events: Iterable<StoredEvent>,
  ): void {
    if (snapshot) {
      aggregate.restore(snapshot.state);
      aggregate.#version = snapshot.version;
      aggregate.#lastEventId = snapshot.eventId;
    }
    for (const event of events) {
      aggregate.apply(event as never);
      aggregate.#version = event.version;
      aggregate.#lastEventId = event.id;
    }
  }

  /** @internal */
  static identify(aggregate: AnyAggregate, events: readonly NewEvent[]): void {
    aggregate.#uncommitted = [...events];
  }

  /** @internal */
  static committed(aggregate: AnyAggregate, version: number, lastEventId: string): void {
    aggregate.#uncommitted = [];
    aggregate.#version = version;
    aggregate.#lastEventId = lastEventId;
  }
}

import assert from 'node:assert/strict';
import {
  EventSourcedAggregate,
  type AnyAggregate,
  type DomainEvent,
} from '../streams/aggregate.js';

/** What an aggregate does, in three steps: what has happened, what is asked of it, what happens then. */
export interface AggregateScenario<T extends AnyAggregate> {
  /** What has happened before, in this order. */
  given(events: readonly DomainEvent[]): AggregateScenario<T>;
  /** Asks something of it. */
  when(command: (aggregate: T) => unknown): AggregateScenario<T>;
  /** Asserts what it raised, in this order: types and data. */
  then(events: readonly DomainEvent[]): Promise<void>;
  /** Asserts that it refused, with an error of this class or a message like this, and raised nothing. */
  thenThrows(error: RegExp | (abstract new (...args: never[]) => Error)): Promise<void>;
}

/**
 * Tries the rules of an aggregate, without a store.
 *
 * @example
 * await aggregateScenario(Order).given([placed]).when((order) => order.pay()).then([paid]);
 */
export function aggregateScenario<T extends AnyAggregate>(
  type: new (id: string) => T,
): AggregateScenario<T> {
  return new Scenario(type, [], () => undefined);
}

class Scenario<T extends AnyAggregate> implements AggregateScenario<T> {
  constructor(
    private readonly type: new (id: string) => T,
    private readonly history: readonly DomainEvent[],
    private readonly command: (aggregate: T) => unknown,
  ) {}

  given(events: readonly DomainEvent[]): Scenario<T> {
    return new Scenario(this.type, [...this.history, ...events], this.command);
  }

  when(command: (aggregate: T) => unknown): Scenario<T> {
    return new Scenario(this.type, this.history, command);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- Given, when, then: it takes a list of events, not callbacks.
  async then(events: readonly DomainEvent[]): Promise<void> {
    const aggregate = this.#aggregate();
    await this.command(aggregate);
    assert.deepStrictEqual(raisedBy(aggregate), [...events]);
  }

  async thenThrows(error: RegExp | (abstract new (...args: never[]) => Error)): Promise<void> {
    const aggregate = this.#aggregate();
    await assert.rejects(async () => {
      await this.command(aggregate);
    }, error as never);
    assert.deepStrictEqual(raisedBy(aggregate), []);
  }

  #aggregate(): T {
    const aggregate = new this.type('1');
    const stored = this.history.map(({ type, data }, at) => ({
      ...{ type, data, id: String(at + 1), version: at + 1, stream: 'scenario-1' },
      metadata: {},
      recordedAt: new Date(0),
    }));
    EventSourcedAggregate.load(aggregate, undefined, stored);
    return aggregate;
  }
}

const raisedBy = (aggregate: AnyAggregate): DomainEvent[] =>
  aggregate.uncommitted.map(({ type, data }) => ({ type, data }));

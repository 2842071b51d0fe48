import { describe, expect, it } from '@jest/globals';
import { EventSourcedAggregate, type DomainEvent } from '../streams/aggregate.js';
import { aggregateScenario } from './aggregate-scenario.js';

class AlreadyPaidError extends Error {}

class Order extends EventSourcedAggregate<DomainEvent<'Placed' | 'Paid'>> {
  #isPaid = false;

  pay(): void {
    if (this.version === 0) throw new Error('no such order');
    if (this.#isPaid) throw new AlreadyPaidError();
    this.raise({ type: 'Paid', data: { by: 'card' } });
  }

  protected apply({ type }: DomainEvent): void {
    if (type === 'Paid') this.#isPaid = true;
  }
}

const placed = { type: 'Placed', data: {} };
const paid = { type: 'Paid', data: { by: 'card' } };
const paying = aggregateScenario(Order).when((order) => order.pay());

describe('a scenario of an aggregate', () => {
  it('holds when it does what is said', async () => {
    await expect(paying.given([placed]).then([paid])).resolves.toBeUndefined();
    await paying.thenThrows(/^Error: no such order$/);
    await paying.given([placed, paid]).thenThrows(AlreadyPaidError);
    await aggregateScenario(Order).given([placed]).then([]);
  });

  it('does not hold when it does something else', async () => {
    await expect(paying.given([placed]).then([])).rejects.toThrow();
    await expect(paying.given([placed]).then([placed])).rejects.toThrow();
    await expect(paying.given([placed]).thenThrows(/./)).rejects.toThrow();
    await expect(paying.thenThrows(AlreadyPaidError)).rejects.toThrow();
  });
});

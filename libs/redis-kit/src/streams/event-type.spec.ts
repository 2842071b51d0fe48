import { describe, expect, it } from '@jest/globals';
import { IsInt, IsPositive } from 'class-validator';
import { EventType, EventTypes } from './event-type.js';

@EventType('OrderPaid', {
  version: 3,
  upcast: {
    1: ({ euros }: { euros: number }) => ({ cents: euros * 100 }),
    2: ({ cents }: { cents: number }) => ({ amount: cents }),
  },
})
class OrderPaid {
  @IsInt()
  @IsPositive()
  readonly amount: number;

  constructor(amount: number) {
    this.amount = amount;
  }
}

const types = new EventTypes([OrderPaid]);
const code = 'STREAM_PAYLOAD';

describe('payload classes', () => {
  it('bring older payloads to the current form, and make them instances', () => {
    expect(types.versionOf('OrderPaid')).toBe(3);
    for (const [version, stored] of [
      [1, { euros: 5 }],
      [2, { cents: 500 }],
      [3, { amount: 500 }],
    ] as const) {
      const restored = types.restore('OrderPaid', version, stored);
      expect(restored).toBeInstanceOf(OrderPaid);
      expect(restored).toEqual(new OrderPaid(500));
    }
  });

  it('refuse what is not as they say, without its values in the message', () => {
    expect(() => types.check('OrderPaid', new OrderPaid(1))).not.toThrow();
    expect(() => types.check('OrderPaid', { amount: 1 })).not.toThrow();
    for (const wrong of [{ amount: -77 }, {}, null, 'text', new OrderPaid(1.5)]) {
      expect(() => types.check('OrderPaid', wrong)).toThrow(expect.objectContaining({ code }));
    }
    expect(() => types.check('OrderPaid', { amount: -77 })).not.toThrow(/77/);
    for (const [version, stored] of [
      [1, null],
      [2, {}],
      [4, { amount: 1 }],
    ] as const) {
      expect(() => types.restore('OrderPaid', version, stored)).toThrow(
        expect.objectContaining({ code }),
      );
    }
  });

  it('leave other types alone', () => {
    expect(types.restore('Other', 7, 'as it is')).toBe('as it is');
    expect(() => types.check('Other', null)).not.toThrow();
  });

  it('are refused at boot when they are incomplete or two of one type', () => {
    class Plain {}
    expect(() => new EventTypes([Plain])).toThrow(/Plain, which has no @EventType/);
    expect(() => new EventTypes([OrderPaid, OrderPaid])).toThrow(/two classes/);
    expect(() => EventType('A', { version: 2 })(Plain)).toThrow(/upcast\[1\]/);
    expect(() => EventType('a b')(Plain)).toThrow(/letters, digits/);
  });
});

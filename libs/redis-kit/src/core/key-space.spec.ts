import calculateSlot from 'cluster-key-slot';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { KeySpace } from './key-space.js';

const keys = new KeySpace('shop:test');

describe('a key', () => {
  it('is spelt <namespace>:v<format>:<feature>:{<entity>}[:<part>]', () => {
    expect(keys.key('lock', 'order-42')).toBe('shop:test:v1:lock:{order-42}');
    expect(keys.key('lock', 'order-42', 'queue')).toBe('shop:test:v1:lock:{order-42}:queue');
  });

  it('has a part even when its name is empty', () => {
    expect(keys.key('lock', 'a', '')).not.toBe(keys.key('lock', 'a'));
  });

  it.each(['', '}', '}x', '{', '{}', '~', '~}', 'a}b', '{a}', 'a:b', '\u0000', '🔑'])(
    'of entity %j shares its slot with the other keys of that entity',
    (entity) => {
      const slot = calculateSlot(keys.key('lock', entity));
      expect(calculateSlot(keys.key('lock', entity, 'queue'))).toBe(slot);
      expect(calculateSlot(keys.key('rate', entity, 'window'))).toBe(slot);
    },
  );

  it('is the key of one entity and part only', () => {
    const entity = fc.string({ unit: fc.constantFrom('a', '{', '}', ':', '~', 'q'), maxLength: 6 });
    const part = fc.constantFrom(undefined, 'q', 'a');
    fc.assert(
      fc.property(entity, part, entity, part, (entity, part, otherEntity, otherPart) => {
        const isSame = entity === otherEntity && part === otherPart;
        const key = keys.key('lock', entity, part);
        expect(key === keys.key('lock', otherEntity, otherPart)).toBe(isSame);
      }),
      { numRuns: 300 },
    );
  });
});

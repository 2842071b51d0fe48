import { describe, expect, it } from '@jest/globals';
import { addEstimates, estimateCount, estimateSum } from './estimate.js';
import { NO_PREFIX, prefixOf } from './key-prefix.js';
import { KeyTally } from './key-tally.js';

/** Numbers from 0 to 1 that are the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    yield state / 2 ** 32;
  }
}

describe('an estimate', () => {
  it('of what was examined as a whole is exact', () => {
    expect(estimateCount(30, { population: 91, examined: 91 })).toEqual({ value: 30, margin: 0 });
    expect(estimateCount(0, { population: 91, examined: 91 })).toEqual({ value: 0, margin: 0 });
    expect(estimateSum(500, 50_000, { population: 9, examined: 9 })).toEqual({
      value: 500,
      margin: 0,
    });
  });

  it('of nothing examined says that it knows nothing', () => {
    expect(estimateCount(0, { population: 50, examined: 0 })).toEqual({ value: 0, margin: 50 });
  });

  it('of none seen does not say that there are none', () => {
    const { value, margin } = estimateCount(0, { population: 1_000_000, examined: 1_000 });
    expect(value).toBe(0);
    expect(margin).toBeGreaterThan(2_500);
    expect(margin).toBeLessThan(3_100);
  });

  it('is within its margin about 95 times in a hundred', () => {
    const random = numbers(7);
    const population = 100_000;
    const share = 0.03;
    const bytes = (at: number) => (at < share ? 5_000 : 100);
    let counted = 0;
    let summed = 0;
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      const examined = 2_000;
      let seen = 0;
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < examined; i++) {
        const size = bytes(random.next().value);
        if (size === 5_000) seen += 1;
        sum += size;
        squares += size ** 2;
      }
      const count = estimateCount(seen, { population, examined });
      if (Math.abs(count.value - population * share) <= count.margin) counted += 1;
      const total = estimateSum(sum, squares, { population, examined });
      const truth = population * (share * 5_000 + (1 - share) * 100);
      if (Math.abs(total.value - truth) <= total.margin) summed += 1;
    }
    for (const within of [counted, summed]) {
      expect(within / rounds).toBeGreaterThan(0.92);
      expect(within / rounds).toBeLessThan(0.985);
    }
  });

  it('adds up over servers', () => {
    expect(
      addEstimates([
        { value: 10, margin: 3 },
        { value: 20, margin: 4 },
      ]),
    ).toEqual({ value: 30, margin: 5 });
    expect(addEstimates([])).toEqual({ value: 0, margin: 0 });
  });
});

describe('the prefix of a key', () => {
  it.each([
    ['shop:production:v1:lock:{order-42}', 'shop:production:v1:lock'],
    ['user:1:cart', 'user'],
    ['user:ab12cd34ef56ab12cd34:cart', 'user'],
    ['mail:someone@example.org:box', 'mail'],
    ['session:abc', 'session'],
    ['plain', NO_PREFIX],
    ['', NO_PREFIX],
    ['{tag}:x', NO_PREFIX],
    ['a:b:c:d:e:f', 'a:b:c:d'],
    ['app-2024-12345:v1:cache:{x}', 'app-2024-12345:v1:cache'],
  ])('of %s is %s', (key, prefix) => expect(prefixOf(key, 'app-2024-12345')).toBe(prefix));
});

describe('a tally of keys', () => {
  const key = (name: string, bytes = 10) => ({ key: name, type: 'string', expires: true, bytes });

  it('tells a bounded number of prefixes apart, and counts the rest', () => {
    const tally = new KeyTally('app', 3);
    for (let i = 0; i < 5_000; i++) tally.add(key(`kind${letters(i)}:x`));
    const { prefixes, keys } = tally.facts({ value: 5_000, margin: 0 }, 5);
    expect(keys.value).toBe(5_000);
    expect(prefixes).toHaveLength(6);
    expect(prefixes[0]).toMatchObject({ name: '(other)', keys: { value: 4_995 } });
    expect(prefixes.reduce((sum, { keys: own }) => sum + own.value, 0)).toBe(5_000);
  });

  it('names the largest keys once each, however often SCAN returns them', () => {
    const tally = new KeyTally('app', 3);
    for (const bytes of [5, 50, 20, 40, 1, 30]) {
      for (let twice = 0; twice < 2; twice++) tally.add(key(`k:${letters(bytes)}`, bytes));
    }
    const { bigKeys } = tally.facts({ value: 12, margin: 0 }, 5);
    expect(bigKeys.map(({ bytes }) => bytes)).toEqual([50, 40, 30]);
  });

  it('says nothing of bytes where the server says nothing', () => {
    const tally = new KeyTally('app', 3);
    tally.add({ key: 'a:b', type: 'string', expires: false, bytes: undefined });
    const facts = tally.facts({ value: 1, margin: 0 }, 5);
    expect(facts).toMatchObject({ bytes: null, bigKeys: [], examplesWithoutExpiry: ['a:b'] });
  });
});

/** A name without digits, which would look like an id. */
const letters = (n: number): string =>
  [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('');

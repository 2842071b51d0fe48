import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PatternTree } from './pattern-tree.js';

/** What a pattern means, said in another way: for each segment of it, the parts of the name it may stand for. */
function matches(pattern: readonly string[], name: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  if (first === '**') {
    return name.some((_, at) => matches(rest, name.slice(at))) || matches(rest, []);
  }
  return name.length > 0 && (first === '*' || first === name[0]) && matches(rest, name.slice(1));
}

const segments = (...words: string[]) =>
  fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 });

describe('a tree of patterns', () => {
  it.each([
    ['orders.*', 'orders.created', true],
    ['orders.*', 'orders', false],
    ['orders.*', 'orders.created.late', false],
    ['orders.**', 'orders', true],
    ['orders.**', 'orders.created.late', true],
    ['**.late', 'orders.created.late', true],
    ['*.created', 'orders.created', true],
    ['orders.created', 'orders.Created', false],
    ['**', 'anything.at.all', true],
  ])('finds %s for %s: %s', (pattern, name, isFound) => {
    const tree = new PatternTree<string>();
    tree.add([pattern], 'it');
    expect(tree.match(name)).toEqual(isFound ? ['it'] : []);
  });

  it('finds what the patterns say, each value once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(segments('a', 'b', '*', '**'), { minLength: 1, maxLength: 3 })),
        segments('a', 'b', 'c'),
        (values, name) => {
          const tree = new PatternTree<number>();
          values.forEach((patterns, value) =>
            tree.add(
              patterns.map((pattern) => pattern.join('.')),
              value,
            ),
          );
          const expected = values.flatMap((patterns, value) =>
            patterns.some((pattern) => matches(pattern, name)) ? [value] : [],
          );
          expect([...tree.match(name.join('.'))].sort((one, other) => one - other)).toEqual(
            expected,
          );
        },
      ),
    );
  });

  it('forgets a value, and keeps the others under the same patterns', () => {
    const tree = new PatternTree<string>();
    const remove = tree.add(['a.*', 'a.**'], 'one');
    tree.add(['a.*'], 'other');
    expect([...tree.match('a.b')].sort()).toEqual(['one', 'other']);
    remove();
    expect(tree.match('a.b')).toEqual(['other']);
    expect(tree.match('a')).toEqual([]);
  });

  it('goes on finding when it was asked for more names than it remembers', () => {
    const tree = new PatternTree<string>();
    tree.add(['a.*'], 'it');
    for (let at = 0; at < 2_500; at++) expect(tree.match(`a.${at}`)).toEqual(['it']);
  });
});

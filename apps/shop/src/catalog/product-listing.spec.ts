import { describe, expect, it } from '@jest/globals';
import { toListing } from './product-listing.js';
import { searchWords } from './search-query.js';

describe('searchWords', () => {
  it.each([
    ['  Red   LANTERNS ', ['red', 'lanterns']],
    ['red red Red', ['red']],
    ["t-light & jam's", ['t', 'light', 'jam', 's']],
    ['café', ['cafe']],
    ['!!! ; --', []],
    ['', []],
    [undefined, []],
  ])('reads %j as %j', (search, words) => {
    expect(searchWords(search)).toEqual(words);
  });

  it('stops after eight words', () => {
    expect(searchWords('a b c d e f g h i j')).toHaveLength(8);
  });
});

describe('toListing', () => {
  it('is the same for the same search, however it was written', () => {
    expect(toListing({ search: ' Red MUG', page: 1 })).toEqual(
      toListing({ search: 'red mug red' }),
    );
  });

  it('fills in what was not asked for', () => {
    expect(toListing({})).toEqual({
      words: [],
      category: undefined,
      sort: 'newest',
      page: 1,
      pageSize: 24,
    });
  });

  it('sorts a search by relevance, and nothing else', () => {
    expect(toListing({ search: 'mug' }).sort).toBe('relevance');
    expect(toListing({ search: '!', sort: 'relevance' }).sort).toBe('newest');
    expect(toListing({ search: 'mug', sort: 'name' }).sort).toBe('name');
  });
});

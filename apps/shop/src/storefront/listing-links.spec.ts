import { describe, expect, it } from '@jest/globals';
import { toListing } from '../catalog/product-listing.js';
import { listingUrl, pageLinks, sortChoices } from './listing-links.js';

describe('listingUrl', () => {
  it.each([
    [{}, '/'],
    [{ search: '', page: 1, sort: 'newest' as const }, '/'],
    [{ search: 'red mug & co', sort: 'relevance' as const }, '/?search=red+mug+%26+co'],
    [
      { category: 'bags', sort: 'price-asc' as const, page: 3 },
      '/?category=bags&sort=price-asc&page=3',
    ],
  ])('writes %j as %s', (address, url) => {
    expect(listingUrl(address)).toBe(url);
  });
});

describe('pageLinks', () => {
  const numbers = (page: number, lastPage: number): string =>
    pageLinks(toListing({ page }), '', lastPage)
      .map((link) => link.page ?? '…')
      .join(' ');

  it.each([
    [1, 1, '1'],
    [1, 3, '1 2 3'],
    [1, 9, '1 2 … 9'],
    [5, 9, '1 … 4 5 6 … 9'],
    [9, 9, '1 … 8 9'],
  ])('shows page %d of %d as %s', (page, lastPage, shown) => {
    expect(numbers(page, lastPage)).toBe(shown);
  });

  it('keeps the search, the category and the order', () => {
    const listing = toListing({ search: 'mug', category: 'tableware', sort: 'name', page: 1 });
    expect(pageLinks(listing, 'mug', 2)[1]).toMatchObject({
      url: '/?search=mug&category=tableware&sort=name&page=2',
    });
  });
});

describe('sortChoices', () => {
  it('offers the best match only to a search', () => {
    const values = (search?: string): string[] =>
      sortChoices(toListing({ search })).map(({ value }) => value);
    expect(values('mug')).toContain('relevance');
    expect(values()).not.toContain('relevance');
  });
});

import type { Listing, ProductSort } from '../catalog/product-listing.js';

interface ListingAddress {
  readonly search?: string | undefined;
  readonly category?: string | undefined;
  readonly sort?: ProductSort | undefined;
  readonly page?: number | undefined;
}

/** The shortest address of a listing: what is the default is left out, so one listing has one address. */
export function listingUrl({ search, category, sort, page }: ListingAddress): string {
  const query = new URLSearchParams();
  if (search) query.set('search', search);
  if (category !== undefined) query.set('category', category);
  if (sort !== undefined && sort !== defaultSort(search)) query.set('sort', sort);
  if (page !== undefined && page > 1) query.set('page', String(page));
  const text = query.toString();
  return text === '' ? '/' : `/?${text}`;
}

const defaultSort = (search: string | undefined): ProductSort => (search ? 'relevance' : 'newest');

const sortNames: Readonly<Record<ProductSort, string>> = {
  relevance: 'Best match',
  newest: 'Newest first',
  name: 'Name, A to Z',
  'price-asc': 'Price, low to high',
  'price-desc': 'Price, high to low',
};

export interface SortChoice {
  readonly value: ProductSort;
  readonly name: string;
  readonly isCurrent: boolean;
}

export function sortChoices({ sort, words }: Listing): SortChoice[] {
  return (Object.keys(sortNames) as ProductSort[])
    .filter((value) => value !== 'relevance' || words.length > 0)
    .map((value) => ({ value, name: sortNames[value], isCurrent: value === sort }));
}

/** A page number to go to, or a gap between two. */
export type PageLink =
  | { readonly page: number; readonly url: string; readonly isCurrent: boolean }
  | { readonly page: undefined };

/** First and last page, and those around the current one. */
export function pageLinks(
  { page, category, sort }: Listing,
  search: string,
  lastPage: number,
): PageLink[] {
  const shown = [...new Set([1, page - 1, page, page + 1, lastPage])]
    .filter((number) => number >= 1 && number <= lastPage)
    .sort((a, b) => a - b);
  return shown.flatMap((number, index): PageLink[] => {
    const link = {
      page: number,
      url: listingUrl({ search, category, sort, page: number }),
      isCurrent: number === page,
    };
    const previous = shown[index - 1];
    return previous !== undefined && number - previous > 1 ? [{ page: undefined }, link] : [link];
  });
}

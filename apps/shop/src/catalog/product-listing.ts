import { searchWords } from './search-query.js';

export const productSorts = ['relevance', 'newest', 'name', 'price-asc', 'price-desc'] as const;
export type ProductSort = (typeof productSorts)[number];

export interface ListingRequest {
  readonly search?: string | undefined;
  readonly category?: string | undefined;
  readonly sort?: ProductSort | undefined;
  readonly page?: number | undefined;
  readonly pageSize?: number | undefined;
}

/** Which products, without order and page: what a count depends on. */
export interface ProductFilter {
  readonly words: readonly string[];
  readonly category: string | undefined;
}

export interface Listing extends ProductFilter {
  readonly sort: ProductSort;
  readonly page: number;
  readonly pageSize: number;
}

export const defaultPageSize = 24;

/** The same request however it was written: what is missing gets its default, and relevance without a search is "newest". */
export function toListing(request: ListingRequest): Listing {
  const words = searchWords(request.search);
  const wanted = request.sort ?? 'relevance';
  return {
    words,
    category: request.category,
    sort: wanted === 'relevance' && words.length === 0 ? 'newest' : wanted,
    page: request.page ?? 1,
    pageSize: request.pageSize ?? defaultPageSize,
  };
}

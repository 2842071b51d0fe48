import { Injectable, Logger } from '@nestjs/common';
import { Cacheable, CacheInvalidationError, CacheService, InjectCache } from 'nestjs-redis-kit';
import { categories } from './categories.js';
import { filterKey, type Listing, listingKey } from './product-listing.js';
import { productNotFound } from './stock-code.pipe.js';
import { type Product, type ProductChange, ProductRepository } from './product.repository.js';

export interface ProductPage {
  readonly items: readonly Product[];
  readonly total: number;
}

export interface CategoryCount {
  readonly slug: string;
  readonly name: string;
  readonly products: number;
}

export interface ChangedProduct {
  readonly product: Product;
  /** False when Redis could not be told: a cached copy may be shown until it expires. */
  readonly isCacheCurrent: boolean;
}

/**
 * How long a list may show what a product was before a change. A change clears the product's own key only: which lists
 * hold the product is not known here, so the lists are kept short-lived instead.
 */
export const listTtlSeconds = 30;
const listTtl = `${listTtlSeconds}s` as const;

/**
 * The catalogue as visitors see it: from the cache, or from the database where the cache has nothing or is away.
 *
 * A product is current as soon as `change` has returned; a list, a count and the categories within
 * {@link listTtlSeconds}.
 */
@Injectable()
export class CatalogService {
  readonly #logger = new Logger(CatalogService.name);

  constructor(
    private readonly products: ProductRepository,
    @InjectCache('catalog') private readonly cache: CacheService,
  ) {}

  /** @throws NotFoundException when there is no such product; that answer is not cached */
  @Cacheable({ cache: 'catalog', key: productKey, ttl: '10m' })
  async product(id: string): Promise<Product> {
    const product = await this.products.find(id);
    if (!product) throw productNotFound(id);
    return product;
  }

  async list(listing: Listing): Promise<ProductPage> {
    // Two entries: all pages of a search share its count.
    const [items, total] = await Promise.all([
      this.cache.getOrSet(`list:${listingKey(listing)}`, () => this.products.list(listing), {
        ttl: listTtl,
      }),
      this.cache.getOrSet(`count:${filterKey(listing)}`, () => this.products.count(listing), {
        ttl: listTtl,
      }),
    ]);
    return { items, total };
  }

  /** Every category that has products, with their number. */
  async categories(): Promise<readonly CategoryCount[]> {
    return this.cache.getOrSet(
      'categories',
      async () => {
        const counts = await this.products.countByCategory();
        return categories
          .map(({ slug, name }) => ({ slug, name, products: counts.get(slug) ?? 0 }))
          .filter(({ products }) => products > 0);
      },
      { ttl: listTtl },
    );
  }

  /** @throws NotFoundException when there is no such product */
  async change(id: string, change: ProductChange): Promise<ChangedProduct> {
    const product = await this.products.update(id, change);
    if (!product) throw productNotFound(id);
    return { product, isCacheCurrent: await this.#forget(id) };
  }

  async #forget(id: string): Promise<boolean> {
    try {
      await this.cache.delete(productKey(id));
      return true;
    } catch (error) {
      // The change itself is in the database: failing the request would say otherwise.
      if (!(error instanceof CacheInvalidationError)) throw error;
      this.#logger.warn(
        `Product ${id} was changed, and its cached copy was not cleared: ${error.message}`,
      );
      return false;
    }
  }
}

function productKey(id: string): string {
  return `product:${id}`;
}

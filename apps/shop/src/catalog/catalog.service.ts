import { ConflictException, Injectable, Logger, ServiceUnavailableException } from '@nestjs/common';
import {
  CacheInvalidationError,
  CacheService,
  EntityCache,
  InjectCache,
  LockLostError,
  LockService,
  LockTimeoutError,
  type Lock,
  QueryCache,
} from 'nestjs-redis-kit';
import { categories } from './categories.js';
import type { Listing } from './product-listing.js';
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
  /** False when Redis could not be told: other processes may show a cached copy until it can. */
  readonly isCacheCurrent: boolean;
}

/** A count is one short statement: who waits longer than this waits for a process that hangs. */
const COUNT_LOCK = { lease: '10s', wait: '3s' } as const;

/**
 * The catalogue as visitors see it: from the cache, or from the database where the cache has nothing or is away.
 *
 * A product, and every list and count, is current as soon as `change` has returned.
 */
@Injectable()
export class CatalogService {
  readonly #logger = new Logger(CatalogService.name);
  readonly #products: EntityCache<Product>;
  readonly #queries: QueryCache;

  constructor(
    private readonly products: ProductRepository,
    @InjectCache('catalog') cache: CacheService,
    private readonly locks: LockService,
  ) {
    this.#products = new EntityCache(cache, {
      name: 'product',
      load: (id) => products.find(id),
      ttl: '10m',
    });
    this.#queries = new QueryCache(cache, { name: 'products', ttl: '10m' });
  }

  /** @throws NotFoundException when there is no such product; that answer is not cached */
  async product(id: string): Promise<Product> {
    const product = await this.#products.get(id);
    if (!product) throw productNotFound(id);
    return product;
  }

  async list(listing: Listing): Promise<ProductPage> {
    // Two entries: all pages of a search share its count.
    const [items, [counted]] = await Promise.all([
      this.#queries.rows(this.products.list(listing)),
      this.#queries.rows(this.products.count(listing)),
    ]);
    return { items, total: counted?.total ?? 0 };
  }

  /** Every category that has products, with their number. */
  async categories(): Promise<readonly CategoryCount[]> {
    const rows = await this.#queries.rows(this.products.countByCategory());
    const counts = new Map(rows.map(({ category, total }) => [category, total]));
    return categories
      .map(({ slug, name }) => ({ slug, name, products: counts.get(slug) ?? 0 }))
      .filter(({ products }) => products > 0);
  }

  /** @throws NotFoundException when there is no such product */
  async change(id: string, change: ProductChange): Promise<ChangedProduct> {
    const product = await this.products.update(id, change);
    if (!product) throw productNotFound(id);
    return { product, isCacheCurrent: await this.#forget(id) };
  }

  /**
   * Sets the stock to what was counted. Counts of one product take turns, and the database refuses one that comes after a
   * later one: of a process that was stopped for longer than its lease.
   *
   * @throws NotFoundException, ConflictException when it came too late, ServiceUnavailableException when Redis, which
   *   decides whose turn it is, does not answer
   */
  async countStock(id: string, stock: number): Promise<ChangedProduct> {
    const counted = await this.#inTurn(id, (lock) =>
      this.products.setCountedStock(id, stock, lock),
    );
    if (!counted) {
      if (!(await this.products.find(id))) throw productNotFound(id);
      throw new ConflictException(`Product ${id} was counted again meanwhile; look at its stock.`);
    }
    return { product: counted, isCacheCurrent: await this.#forget(id) };
  }

  async #inTurn<T>(id: string, work: (lock: Lock) => Promise<T>): Promise<T> {
    try {
      return await this.locks.withLock(`stock:${id}`, COUNT_LOCK, work);
    } catch (error) {
      if (!(error instanceof LockTimeoutError || error instanceof LockLostError)) throw error;
      this.#logger.warn(`The stock of product ${id} could not be counted: ${error.message}`);
      throw new ServiceUnavailableException('The stock cannot be counted just now; try again.');
    }
  }

  async #forget(id: string): Promise<boolean> {
    const results = await Promise.allSettled([
      this.#products.forget(id),
      // Which lists show the product is known to the database alone, so all of them are asked anew.
      this.#queries.invalidate(),
    ]);
    let isCurrent = true;
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      const error: unknown = result.reason;
      // The change itself is in the database: failing the request would say otherwise.
      if (!(error instanceof CacheInvalidationError)) throw error;
      this.#logger.warn(`Product ${id} was changed, and the cache was not told: ${error.message}`);
      isCurrent = false;
    }
    return isCurrent;
  }
}

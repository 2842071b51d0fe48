import { Inject, Injectable } from '@nestjs/common';
import { and, asc, count, desc, eq, type SQL, sql } from 'drizzle-orm';
import { fenceCondition, type Lock, type RunnableQuery } from 'nestjs-redis-kit';
import { SHOP_DATABASE, type ShopDatabase } from '../database/shop-database.js';
import type { Listing, ProductFilter } from './product-listing.js';
import { products } from './products.table.js';

/** A product as the shop shows it and as it is cached: plain values only. */
export interface Product {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly pricePence: number;
  readonly stock: number;
}

export interface ProductChange {
  readonly pricePence?: number | undefined;
  readonly stock?: number | undefined;
}

const columns = {
  id: products.id,
  title: products.title,
  category: products.category,
  pricePence: products.pricePence,
  stock: products.stock,
};

/** The catalogue as it is in the database, at the moment of asking. */
@Injectable()
export class ProductRepository {
  readonly #database: ShopDatabase;

  constructor(@Inject(SHOP_DATABASE) database: ShopDatabase) {
    this.#database = database;
  }

  async find(id: string): Promise<Product | undefined> {
    const [product] = await this.#database
      .select(columns)
      .from(products)
      .where(eq(products.id, id));
    return product;
  }

  /** The query, not run yet: what it asks is what its answer is cached by. */
  list(listing: Listing): RunnableQuery<Product> {
    return this.#database
      .select(columns)
      .from(products)
      .where(matches(listing))
      .orderBy(...orderOf(listing))
      .limit(listing.pageSize)
      .offset((listing.page - 1) * listing.pageSize);
  }

  count(filter: ProductFilter): RunnableQuery<{ total: number }> {
    return this.#database.select({ total: count() }).from(products).where(matches(filter));
  }

  /** Number of products per category; a category without products is missing. */
  countByCategory(): RunnableQuery<{ category: string; total: number }> {
    return this.#database
      .select({ category: products.category, total: count() })
      .from(products)
      .groupBy(products.category);
  }

  /** Changes price or stock; `undefined` when there is no such product. */
  async update(id: string, change: ProductChange): Promise<Product | undefined> {
    const [product] = await this.#database
      .update(products)
      .set({ ...definedOnly(change), updatedAt: sql`now()` })
      .where(eq(products.id, id))
      .returning(columns);
    return product;
  }

  /** Sets the stock to what was counted; `undefined` when there is no such product, or a later holder of the lock was here. */
  async setCountedStock(
    id: string,
    stock: number,
    lock: Pick<Lock, 'fence'>,
  ): Promise<Product | undefined> {
    const [product] = await this.#database
      .update(products)
      .set({ stock, stockFence: lock.fence, updatedAt: sql`now()` })
      .where(and(eq(products.id, id), isNotLate(lock)))
      .returning(columns);
    return product;
  }
}

/** The condition of the fence, with its parameter where Drizzle counts it. */
function isNotLate(lock: Pick<Lock, 'fence'>): SQL {
  const { text, value } = fenceCondition(lock, { column: 'stock_fence' });
  const [before = '', after = ''] = text.split('?');
  return sql`${sql.raw(before)}${value}${sql.raw(after)}`;
}

function definedOnly({ pricePence, stock }: ProductChange): {
  pricePence?: number;
  stock?: number;
} {
  return {
    ...(pricePence === undefined ? {} : { pricePence }),
    ...(stock === undefined ? {} : { stock }),
  };
}

function matches({ words, category }: ProductFilter): SQL | undefined {
  return and(
    category === undefined ? undefined : eq(products.category, category),
    words.length === 0 ? undefined : sql`${products.search} @@ (${searchExpression(words)})`,
  );
}

/**
 * Every word must be found: as the beginning of a word as written ("lant" finds lanterns) or by its stem ("candles"
 * finds candle). A stop word ("the") has no stem and is looked up as written. Words hold letters and digits only, so
 * none can be taken for an operator.
 */
function searchExpression(words: readonly string[]): SQL {
  return sql.join(
    words.map(
      (word) =>
        sql`(to_tsquery('simple', ${`${word}:*`}) || to_tsquery('english', ${`${word}:*`}))`,
    ),
    sql` && `,
  );
}

function orderOf({ sort, words }: Listing): SQL[] {
  const byName = [asc(products.title), asc(products.id)];
  switch (sort) {
    case 'name':
      return byName;
    case 'price-asc':
      return [asc(products.pricePence), ...byName];
    case 'price-desc':
      return [desc(products.pricePence), ...byName];
    case 'newest':
      return [desc(products.introduced), ...byName];
    case 'relevance': {
      // Flag 1 divides by the length of the title: of two products with the word, the one that is mostly about it.
      const rank = sql`ts_rank(${products.search}, ${searchExpression(words)}, 1)`;
      return [desc(rank), desc(products.introduced), ...byName];
    }
  }
}

import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  customType,
  index,
  integer,
  pgTable,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });

export const products = pgTable(
  'products',
  {
    /** The retailer's stock code; upper and lower case are different codes. */
    id: text().primaryKey(),
    title: text().notNull(),
    /** Slug of one of the categories in `categories.ts`. */
    category: text().notNull(),
    /** Whole pence, so that no sum is ever rounded. */
    pricePence: integer('price_pence').notNull(),
    stock: integer().notNull(),
    /** Fence of the lock under which the stock was last counted: a count that comes later than a later one is refused. */
    stockFence: bigint('stock_fence', { mode: 'number' }),
    /** Grows with the time the line was introduced; 0 where the code does not tell. */
    introduced: integer().notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
    /**
     * 'simple' keeps the words as typed, so that the beginning of a word finds it; 'english' adds the stems, so that
     * "candles" finds "candle". The category counts least. Punctuation is taken out first, as from the searches: the
     * parser would take "red/white" for one word, a path.
     */
    search: tsvector()
      .notNull()
      .generatedAlwaysAs(
        sql`setweight(to_tsvector('simple', regexp_replace(title || ' ' || id, '[^[:alnum:]]+', ' ', 'g')), 'A') || setweight(to_tsvector('english', regexp_replace(title, '[^[:alnum:]]+', ' ', 'g')), 'B') || setweight(to_tsvector('english', replace(category, '-', ' ')), 'D')`,
      ),
  },
  (table) => [
    index('products_search_index').using('gin', table.search),
    index('products_category_index').on(table.category),
    check('products_price_not_negative', sql`${table.pricePence} >= 0`),
    check('products_stock_not_negative', sql`${table.stock} >= 0`),
  ],
);

export type ProductRow = typeof products.$inferSelect;
export type NewProductRow = typeof products.$inferInsert;
